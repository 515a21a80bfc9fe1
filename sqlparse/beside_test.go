package sqlparse

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// blocked is a cache whose long texts are parsed when release is closed; started
// hears of each.
func blocked() (c *Cache, started chan string, release chan struct{}) {
	c = NewCache(1 << 20)
	started, release = make(chan string, 2*maxBeside), make(chan struct{})
	c.beside.parse = func(d Dialect, sql string) ([]*Statement, error) {
		started <- sql
		<-release
		return d.Parse(sql)
	}
	return c, started, release
}

func longText() string { return "SELECT " + strings.Repeat("1,", LongText/2) + "1" }

// TestLongTextIsLeft: whoever waits for a long text can leave it, and who closes
// the cache waits for it.
func TestLongTextIsLeft(t *testing.T) {
	c, started, release := blocked()
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error, 1)
	go func() {
		_, err := c.Parse(ctx, Postgres, longText())
		left <- err
	}()
	<-started
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who leaves: %v", err)
	}
	closed := make(chan error, 1)
	go func() { closed <- c.Close() }()
	select {
	case <-closed:
		t.Error("closed while a text is parsed")
	default:
	}
	close(release)
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// TestLongTextsAtATime: what was left counts among the texts that are parsed at a
// time; who waits for his turn can leave too, and others get theirs.
func TestLongTextsAtATime(t *testing.T) {
	c, started, release := blocked()
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error, maxBeside+1)
	for range maxBeside {
		go func() {
			_, err := c.Parse(ctx, Postgres, longText())
			left <- err
		}()
		<-started
	}
	go func() {
		_, err := c.Parse(ctx, Postgres, longText())
		left <- err
	}()
	cancel()
	for range maxBeside + 1 {
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("one who leaves: %v", err)
		}
	}
	next := make(chan error, 1)
	go func() {
		out, err := c.Parse(context.Background(), Postgres, longText())
		if err == nil && len(out) != 1 {
			t.Errorf("%d statements", len(out))
		}
		next <- err
	}()
	if n := len(started); n > 0 {
		t.Errorf("%d more than %d are parsed", n, maxBeside)
	}
	close(release)
	if err := <-next; err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestLongTextPanics: a bug shows where the text came from.
func TestLongTextPanics(t *testing.T) {
	c := NewCache(1 << 20)
	c.beside.parse = func(Dialect, string) ([]*Statement, error) { panic("a bug") }
	defer func() {
		if p := recover(); p != "a bug" {
			t.Errorf("recovered %v", p)
		}
	}()
	c.Parse(context.Background(), Postgres, longText())
}
