package textsearch

// Config says which dictionary makes the lexemes of which token.
type Config struct {
	Name  string
	words *Dictionary // of words written in letters; all others go to Simple
}

// The configurations that texts can be read by.
var (
	SimpleConfig  = &Config{Name: "simple", words: Simple}
	EnglishConfig = &Config{Name: "english", words: EnglishStem}
)

// Dictionary is where tokens of a type go; nil of those that are passed over.
func (c *Config) Dictionary(t TokenType) *Dictionary {
	switch t {
	case ASCIIWord, Word, ASCIIHWord, HWord, HWordASCIIPart, HWordPart:
		return c.words
	case Blank, Tag, Protocol, Entity:
		return nil
	}
	return Simple
}
