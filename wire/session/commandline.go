package session

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// commandLine applies the options of a start-up packet: `-c name=value`,
// `-cname=value` and `--name=value` (postgres.c, process_postgres_switches).
func (s *Session) commandLine(options string) error {
	words := splitOptions(options)
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case strings.HasPrefix(w, "-c"):
			w = w[2:]
		case strings.HasPrefix(w, "--"):
			w = w[2:]
		default:
			return pgerr.New(pgerr.SyntaxError, "invalid command-line argument for server process: %s", w).
				WithHint("Try \"postgres --help\" for more information.")
		}
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return pgerr.New(pgerr.SyntaxError, "-c %s requires a value", w)
		}
		name = strings.ReplaceAll(name, "-", "_")
		if err := s.startupSetting(name, value); err != nil {
			return err
		}
	}
	return nil
}

// splitOptions splits at spaces; a backslash takes the next character as it is (pg_split_opts).
func splitOptions(s string) []string {
	var words []string
	var word strings.Builder
	inWord := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			word.WriteByte(s[i])
			inWord = true
		case c == ' ' || c == '\t' || c == '\n':
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words
}
