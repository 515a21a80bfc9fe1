package textsearch

// TokenType is what kind of token a piece of text is, by PostgreSQL's number.
type TokenType int

// The token types of the parser "default" (manual table 12.1).
const (
	ASCIIWord TokenType = iota + 1
	Word
	NumWord
	Email
	URL
	Host
	SFloat
	Version
	HWordNumPart
	HWordPart
	HWordASCIIPart
	Blank
	Tag
	Protocol
	NumHWord
	ASCIIHWord
	HWord
	URLPath
	File
	Float
	Int
	UInt
	Entity
)

// TokenName is a token type's name and what it says of itself.
type TokenName struct {
	Type               TokenType
	Alias, Description string
}

// TokenNames are the token types in order of their numbers, from 1.
var TokenNames = []TokenName{
	{ASCIIWord, "asciiword", "Word, all ASCII"},
	{Word, "word", "Word, all letters"},
	{NumWord, "numword", "Word, letters and digits"},
	{Email, "email", "Email address"},
	{URL, "url", "URL"},
	{Host, "host", "Host"},
	{SFloat, "sfloat", "Scientific notation"},
	{Version, "version", "Version number"},
	{HWordNumPart, "hword_numpart", "Hyphenated word part, letters and digits"},
	{HWordPart, "hword_part", "Hyphenated word part, all letters"},
	{HWordASCIIPart, "hword_asciipart", "Hyphenated word part, all ASCII"},
	{Blank, "blank", "Space symbols"},
	{Tag, "tag", "XML tag"},
	{Protocol, "protocol", "Protocol head"},
	{NumHWord, "numhword", "Hyphenated word, letters and digits"},
	{ASCIIHWord, "asciihword", "Hyphenated word, all ASCII"},
	{HWord, "hword", "Hyphenated word, all letters"},
	{URLPath, "url_path", "URL path"},
	{File, "file", "File or path name"},
	{Float, "float", "Decimal notation"},
	{Int, "int", "Signed integer"},
	{UInt, "uint", "Unsigned integer"},
	{Entity, "entity", "XML entity"},
}

// compound reports whether the parts of a token follow it as tokens of their own.
func (t TokenType) compound() bool {
	return t == URL || t == NumHWord || t == ASCIIHWord || t == HWord
}

// Token is a piece of a text. Pieces may overlap: the parts of a compound follow it.
type Token struct {
	Type TokenType
	Text string
}
