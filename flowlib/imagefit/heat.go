package imagefit

import (
	"math"

	"normflow/flowlib/anomaly"
	"normflow/flowlib/density"
	"normflow/flowlib/imageset"
)

// heatLevels is how many levels of a pixel Heat tries.
const heatLevels = 9

// Heat returns where pictures are strange to a model without context: for each picture
// and each pixel, [n][height·width], by how many nats the log-density rises at best if
// that pixel alone were another, summed over its channels; 0 where no other is better.
//
// It is the gain of [anomaly.Drivers]: exact, at the middle of each level, with at most
// nine evenly spread levels to choose from. It asks how unlikely a pixel is given all the
// others. So gains do not add up, and where pixels contradict each other all of them are
// hot. A picture of D numbers costs as much as scoring 9·D pictures.
func Heat(by density.Scorer, pictures *imageset.Set) ([][]float64, error) {
	d, channels := pictures.Shape.Features(), pictures.Shape.Channels
	levels := make([]float64, min(heatLevels, pictures.Levels))
	for k := range levels {
		levels[k] = math.Round(float64(k)*float64(pictures.Levels-1)/float64(len(levels)-1)) + 0.5
	}
	candidates, events := make([][]float64, d), make([][]float64, pictures.Len())
	for j := range candidates {
		candidates[j] = levels
	}
	for i := range events {
		for _, v := range pictures.Picture(i) {
			events[i] = append(events[i], float64(v)+0.5)
		}
	}
	drivers, err := anomaly.Drivers(by, events, candidates)
	if err != nil {
		return nil, err
	}
	heat := make([][]float64, len(events))
	for i, list := range drivers {
		heat[i] = make([]float64, d/channels)
		for _, driver := range list {
			heat[i][driver.Column/channels] += driver.Gain
		}
	}
	return heat, nil
}
