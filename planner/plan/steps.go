package plan

// stepsBetween is how many steps are taken between two looks at whether the
// statement goes on: well under a millisecond's.
const stepsBetween = 1024

// Steps counts the work on a plan, in nodes and expressions looked at.
type Steps struct {
	// Interrupted, if it is not nil, is asked now and then for the error to stop with.
	Interrupted func() error

	n int
}

// Take counts n steps; its error ends the work.
func (s *Steps) Take(n int) error {
	if s.n += n; s.n < stepsBetween {
		return nil
	}
	s.n = 0
	if s.Interrupted == nil {
		return nil
	}
	return s.Interrupted()
}
