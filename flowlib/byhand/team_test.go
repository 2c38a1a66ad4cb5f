package byhand

import "testing"

func TestTeamGradientIsTheGradient(t *testing.T) {
	f, x := randomFlow(2, 8, 6)
	x = x[:2*(len(x)/2-1)] // not a multiple of the members
	wantNLL, want := NewBackprop(f).Gradient(x)
	for _, members := range []int{1, 2, 3, len(x)} { // more than rows at last
		team := NewTeam(f, members)
		for range 2 { // the second time over what the first left
			nll, got := team.Gradient(x)
			if !within(nll, wantNLL, 1e-12) {
				t.Errorf("%d members: NLL %g, expected %g", members, nll, wantNLL)
			}
			params := want.Params()
			for i, values := range got.Params() {
				for j, v := range values {
					if !within(v, params[i][j], 1e-12) {
						t.Fatalf("%d members: array %d, element %d is %g, expected %g", members, i, j, v, params[i][j])
					}
				}
			}
		}
	}
}
