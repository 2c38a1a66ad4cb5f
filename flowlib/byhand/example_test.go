package byhand_test

import (
	"context"
	"fmt"

	"normflow/flowlib/byhand"
)

// A new flow is the identity, so its density is the base density:
// log N(0; 0, I) = -log 2π for two features.
func ExampleFlow_LogProb() {
	f := byhand.New[float64](2, 8, []int{64, 64}, 1)
	fmt.Printf("%.4f\n", f.LogProb([]float64{0, 0, 1, 0}))
	fmt.Println(f.NumParameters(), "parameters")
	// Output:
	// [-1.8379 -2.3379]
	// 35344 parameters
}

// One feature, one coupling without hidden layer, so that its answer is (r, t) = w + b,
// at zero the identity: z = x. For the one event x = 3 of the batch, ∂L/∂z = 3, and
//
//	∂L/∂t = -3·exp(0) = -3,   ∂L/∂s = -3·3 + 1 = -8,   ∂L/∂r = -8·(1 - tanh²0) = -8
func ExampleBackprop_Gradient() {
	f := byhand.New[float64](1, 1, nil, 0)
	nll, gradient := byhand.NewBackprop(f).Gradient([]float64{3})
	fmt.Printf("%.4f\n", nll) // ½·3² + ½·log 2π
	fmt.Println("∂L/∂W", gradient.Layers[0].Conditioner[0].W)
	fmt.Println("∂L/∂b", gradient.Layers[0].Conditioner[0].B)
	// Output:
	// 5.4189
	// ∂L/∂W [-8 -3]
	// ∂L/∂b [-8 -3]
}

// The best Gaussian for the events 1 and 3 has mean 2 and standard deviation 1, and
// NLL ½ + ½·log 2π = 1.4189: a flow of one feature finds it.
func ExampleTrain() {
	f := byhand.New[float64](1, 1, nil, 0)
	cfg := byhand.DefaultConfig()
	cfg.BatchSize, cfg.LearningRate, cfg.Cosine = 2, 1e-2, true
	nlls, err := byhand.Train(context.Background(), f, []float64{1, 3}, cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, _ := f.Forward([]float64{0, 1})
	fmt.Printf("from %.4f to %.4f nats; mean %.2f, one standard deviation above it %.2f\n", nlls[0], nlls[len(nlls)-1], x[0], x[1])
	// Output: from 3.4189 to 1.4189 nats; mean 2.00, one standard deviation above it 3.00
}
