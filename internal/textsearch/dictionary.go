package textsearch

import (
	"strings"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
)

// Dictionary makes lexemes of words.
type Dictionary struct {
	Name  string
	stops map[string]bool
	stem  bool
}

// The dictionaries.
var (
	Simple      = &Dictionary{Name: "simple"}
	EnglishStem = &Dictionary{Name: "english_stem", stops: wordSet(englishStops), stem: true}
)

// maxStemBytes is how long a word may be for the stemmer (dict_snowball.c).
const maxStemBytes = 1000

// Lexize is the lexeme of a word; ok is false for a stop word (dsimple_lexize,
// dsnowball_lexize).
func (d *Dictionary) Lexize(word string) (lexeme string, ok bool) {
	lexeme = strings.Map(unicode.ToLower, word)
	switch {
	case !d.stem:
		return lexeme, !d.stops[lexeme]
	case len(word) > maxStemBytes:
		return lexeme, true
	case lexeme == "" || d.stops[lexeme]:
		return "", false
	}
	env := snowballstem.NewEnv(lexeme)
	english.Stem(env)
	return env.Current(), true
}

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// englishStops are the words of PostgreSQL's english.stop.
const englishStops = `
i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers
herself it its itself they them their theirs themselves what which who whom this that these those am is are
was were be been being have has had having do does did doing a an the and but if or because as until while of
at by for with about against between into through during before after above below to from up down in out on
off over under again further then once here there when where why how all any both each few more most other
some such no nor not only own same so than too very s t can will just don should now
`
