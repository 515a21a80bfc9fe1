package remote

import "testing"

// TestSilence: looks that find nothing new are counted, however far they are
// apart, from the last that did.
func TestSilence(t *testing.T) {
	var s silence
	for i, look := range []struct{ heard, want int }{
		{0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, silentTicks}, {1, 1}, {3, 0}, {3, 1},
	} {
		if got := s.look(int64(look.heard)); got != look.want {
			t.Errorf("look %d: %d, want %d", i, got, look.want)
		}
	}
}
