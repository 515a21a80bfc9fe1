package session

import "testing"

// TestStatusTable lists every status and event: what is done, where it leads,
// and the SQLSTATE that the client gets with it ("warning" in front if it goes on).
func TestStatusTable(t *testing.T) {
	const aborted, outside = "25P02", "25P01"
	want := map[status]map[event]struct {
		do   action
		next status
		code string
	}{
		idle: {
			onBegin: {start, block, ""}, onCommit: {nothing, idle, "warning 25P01"}, onRollback: {nothing, idle, "warning 25P01"},
			onSavepoint: {nothing, idle, outside}, onRelease: {nothing, idle, outside}, onRollbackTo: {nothing, idle, outside},
			onStatement: {start, implicit, ""}, onError: {nothing, idle, ""}, onEnd: {nothing, idle, ""},
		},
		implicit: {
			onBegin: {adopt, block, ""}, onCommit: {commit, idle, "warning 25P01"}, onRollback: {rollback, idle, "warning 25P01"},
			onSavepoint: {nothing, implicit, outside}, onRelease: {nothing, implicit, outside}, onRollbackTo: {nothing, implicit, outside},
			onStatement: {nothing, implicit, ""}, onError: {rollback, idle, ""}, onEnd: {commit, idle, ""},
		},
		block: {
			onBegin: {nothing, block, "warning 25001"}, onCommit: {commit, idle, ""}, onRollback: {rollback, idle, ""},
			onSavepoint: {nothing, block, ""}, onRelease: {nothing, block, ""}, onRollbackTo: {nothing, block, ""},
			onStatement: {nothing, block, ""}, onError: {nothing, failed, ""}, onEnd: {nothing, block, ""},
		},
		failed: {
			onBegin: {nothing, failed, aborted}, onCommit: {rollback, idle, ""}, onRollback: {rollback, idle, ""},
			onSavepoint: {nothing, failed, aborted}, onRelease: {nothing, failed, aborted}, onRollbackTo: {nothing, block, ""},
			onStatement: {nothing, failed, aborted}, onError: {nothing, failed, ""}, onEnd: {nothing, failed, ""},
		},
	}
	for s := idle; s <= failed; s++ {
		for e := range events {
			w, listed := want[s][e]
			if !listed {
				t.Errorf("status %d, event %d is not listed", s, e)
				continue
			}
			got := table[s][e]
			code := ""
			switch {
			case got.err != nil:
				code = string(got.err.Code)
			case got.warn != nil:
				code = "warning " + string(got.warn.Code)
			}
			if got.do != w.do || got.next != w.next || code != w.code {
				t.Errorf("status %d, event %d: %d to %d (%q), want %d to %d (%q)", s, e, got.do, got.next, code, w.do, w.next, w.code)
			}
		}
	}
}

func TestStatusLetters(t *testing.T) {
	for s, want := range map[status]byte{idle: 'I', implicit: 'T', block: 'T', failed: 'E'} {
		if got := s.letter(); got != want {
			t.Errorf("status %d shows as %c, not %c", s, got, want)
		}
	}
}
