package flow

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"normflow/flowlib/bijector"
	"normflow/internal/nearest"
	"normflow/internal/show"
)

// RealNVP returns 8 affine coupling layers with alternating masks, whose conditioners
// have two hidden layers of 64: 35,344 parameters at two features.
//
// Source: Dinh et al. 2017, https://arxiv.org/abs/1605.08803.
func RealNVP(features int) Config {
	return Config{
		Architecture: "realnvp",
		Features:     features,
		Layers:       8,
		Transform:    "affine",
		Hidden:       []int{64, 64},
		MaxLogScale:  bijector.DefaultMaxLogScale,
		InputBound:   bijector.DefaultInputBound,
	}
}

// NICE returns 8 additive coupling layers, each followed by a scale of every feature.
// The paper scales once, at the end, and has deeper conditioners.
//
// Source: Dinh et al. 2015, https://arxiv.org/abs/1410.8516.
func NICE(features int) Config {
	c := RealNVP(features)
	c.Architecture, c.Transform, c.MaxLogScale = "nice", "additive", 0
	c.ActNorm = true
	return c
}

// Glow returns 8 steps of affine coupling, invertible linear map (LU) and ActNorm.
// Unlike the paper's, its masks alternate, which costs nothing and mixes better.
//
// Source: Kingma and Dhariwal 2018, https://arxiv.org/abs/1807.03039, figure 2.
func Glow(features int) Config {
	c := RealNVP(features)
	c.Architecture, c.LU, c.ActNorm = "glow", true, true
	return c
}

// NSF returns a neural spline flow: 8 rational-quadratic coupling layers over a mixture
// of 16 Gaussians, with 15,112 parameters at two features. A spline layer bends more
// than an affine one, so smaller conditioners suffice, and they overfit less.
//
// Source: Durkan et al. 2019, https://arxiv.org/abs/1906.04032, section 3. The paper
// has a unit Gaussian base (Base = "") and linear maps between the layers (LU).
func NSF(features int) Config {
	c := RealNVP(features)
	c.Architecture, c.Transform, c.MaxLogScale = "nsf", "spline", 0
	c.Bins, c.Bound = bijector.DefaultBins, bijector.DefaultBound
	c.Hidden = []int{32, 32}
	c.Base, c.Components = "mixture", defaultComponents
	return c
}

// Gaussian returns a flow without layers or parameters. With a scaler from
// [dataset.NewWhitener] it is the Gaussian with the data's mean and covariance, the
// baseline that every other flow has to beat.
func Gaussian(features int) Config {
	return Config{Architecture: gaussian, Features: features, InputBound: bijector.DefaultInputBound}
}

const gaussian = "gaussian"

// Zoo holds the architectures by name.
var Zoo = map[string]func(features int) Config{
	"realnvp": RealNVP, "nice": NICE, "glow": Glow, "nsf": NSF, gaussian: Gaussian,
}

// changes holds what can be added to an architecture by name.
var changes = map[string]func(*Config){
	"actnorm": func(c *Config) { c.ActNorm = true },
	"lu":      func(c *Config) { c.LU = true },
	"mixture": func(c *Config) { c.Base, c.Components = "mixture", defaultComponents },
	"plain":   func(c *Config) { c.ActNorm, c.LU, c.Base, c.Components = false, false, "", 0 },
}

// Named returns an architecture of the zoo by its name, such as "nsf", with optional
// changes, such as "realnvp+actnorm+lu". The error lists the known names.
func Named(name string, features int) (Config, error) {
	parts := strings.Split(name, "+")
	build, ok := Zoo[parts[0]]
	if !ok {
		return Config{}, errors.New("flow: " + nearest.Unknown("model", parts[0], slices.Sorted(maps.Keys(Zoo))))
	}
	c := build(features)
	for _, change := range parts[1:] {
		apply, ok := changes[change]
		if !ok {
			return Config{}, fmt.Errorf("flow: model %s: %s", show.Quoted(name), nearest.Unknown("change", change, slices.Sorted(maps.Keys(changes))))
		}
		apply(&c)
	}
	return c, nil
}

// Name returns the name that [Named] builds c from. It leaves out what a name cannot
// express.
func (c Config) Name() string {
	name, usual := c.Architecture, Config{}
	if build, ok := Zoo[c.Architecture]; ok {
		usual = build(c.Features)
	}
	if usual.ActNorm && !c.ActNorm || usual.LU && !c.LU || usual.Base == "mixture" && c.Base != "mixture" {
		name, usual = name+"+plain", Config{}
	}
	if c.ActNorm && !usual.ActNorm {
		name += "+actnorm"
	}
	if c.LU && !usual.LU {
		name += "+lu"
	}
	if c.Base == "mixture" && usual.Base != "mixture" {
		name += "+mixture"
	}
	return name
}

// defaultComponents is the default number of components of a mixture base.
const defaultComponents = 16
