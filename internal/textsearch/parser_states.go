package textsearch

import "strings"

// state is a state of the automaton, named by what it is in the middle of.
type state int

// The states. Those whose name ends in First, Second and so on wait for that
// character of what they read.
const (
	base state = iota
	inNumWord
	inASCIIWord
	inWord
	inUInt
	inSignFirst
	inInt
	inSpace
	inUDecimalFirst
	inUDecimal
	inDecimalFirst
	inDecimal
	inSignedVersion
	inVersionSign
	inVersionFirst
	inVersion
	inMantissaFirst
	inMantissaSign
	inMantissa
	inEntityFirst
	inEntity
	inEntityNumFirst
	inEntityHexFirst
	inEntityNum
	inEntityHex
	inEntityEnd
	inTagFirst
	inXMLBegin
	inTagCloseFirst
	inTagName
	inTagBeginEnd
	inTag
	inTagQuote
	inTagDoubleQuote
	inTagBackslash
	inTagEnd
	inCommentFirst
	inCommentSecond
	inComment
	inCommentDash
	inCommentDashes
	inCommentEnd
	inHostFirstDomain
	inHostDomainSecond
	inHostDomain
	inPortFirst
	inPort
	inHostFirstAlnum
	inHost
	inEmail
	inFileFirst
	inFileTilde
	inPathFirst
	inPathDot
	inPathSecond
	inFile
	inFileNext
	inURLPathFirst
	inURLPathStart
	inURLPath
	inAddress
	inProtocolFirst
	inProtocolSecond
	inProtocolEnd
	inHyphenASCIIWordFirst
	inHyphenASCIIWord
	inHyphenWordFirst
	inHyphenWord
	inHyphenNumWordFirst
	inHyphenNumWord
	inHyphenDigits
	inHyphenParts
	inHyphenHyphen
	inWordPart
	inASCIIPart
	inNumPart
	inHyphenUInt

	stay state = -1 // of a rule that does not change it
)

// action is what a rule does besides taking the character and changing the state.
type action int

// The actions.
const (
	emit      action = 1 << iota // the token ends here
	back                         // this attempt fails: the one under it goes on behind the rule that began this
	try                          // attempt it, to go back if it fails
	again                        // the same character is looked at in the new state
	commit                       // what is under this attempt is given up
	commitAll                    // all that are under it are
	merge                        // this attempt ends well: the one under it goes on from here
)

// condition reports whether a rule holds where the parser stands.
type condition func(p *Parser, char byte) (bool, error)

// rule is one line of a state: the first that holds is followed. The last holds
// always, its when is nil.
type rule struct {
	when    condition
	char    byte
	does    action
	to      state
	token   TokenType
	special func(*Parser)
}

// otherwise is a rule that holds always.
var otherwise rule

// char is a rule for an ASCII character.
func char(c byte) rule { return rule{when: thatChar, char: c} }

// on is a rule for a class of characters.
func on(class condition) rule { return rule{when: class} }

func (r rule) do(a action, to state) rule {
	r.does, r.to = a, to
	return r
}

func (r rule) next(to state) rule   { return r.do(0, to) }
func (r rule) try(to state) rule    { return r.do(try, to) }
func (r rule) back() rule           { return r.do(back, stay) }
func (r rule) commit(to state) rule { return r.do(commit, to) }
func (r rule) again(to state) rule  { return r.do(again, to) }
func (r rule) merge() rule          { return r.do(merge, stay) }

func (r rule) emit(t TokenType, to state) rule {
	r.token = t
	return r.do(emit, to)
}

// emitCommitted is emit and commit, emitFinal emit and commitAll.
func (r rule) emitCommitted(t TokenType, to state) rule {
	r.token = t
	return r.do(emit|commit, to)
}

func (r rule) emitFinal(t TokenType, to state) rule {
	r.token = t
	return r.do(emit|commitAll, to)
}

// and does something more.
func (r rule) and(special func(*Parser)) rule {
	r.special = special
	return r
}

// ofRune is a condition on the character that comes.
func ofRune(class func(rune) bool) condition {
	return func(p *Parser, _ byte) (bool, error) {
		c, size := p.char()
		return size > 0 && class(c), nil
	}
}

// The conditions.
var (
	letter  = ofRune(isASCIILetter)
	alpha   = ofRune(isAlpha)
	digit   = ofRune(isDigit)
	alnum   = ofRune(isAlnum)
	mark    = ofRune(isMark)
	space   = ofRune(isSpace)
	hex     = ofRune(func(c rune) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' })
	urlChar = ofRune(isURLChar)
)

func thatChar(p *Parser, char byte) (bool, error) {
	at := p.top().at
	return at < len(p.text) && p.text[at] == char, nil
}

func end(p *Parser, _ byte) (bool, error) { return p.top().at >= len(p.text), nil }

func noAlnum(p *Parser, _ byte) (bool, error) {
	holds, err := alnum(p, 0)
	return !holds, err
}

func ignored(p *Parser, _ byte) (bool, error) { return p.ignore, nil }

// stopHost holds once where a host is wanted alone.
func stopHost(p *Parser, _ byte) (bool, error) {
	holds := p.host
	p.host = false
	return holds, nil
}

func host(p *Parser, _ byte) (bool, error) { return p.takeHost() }

func path(p *Parser, _ byte) (bool, error) { return p.takePath() }

// isURLChar is what RFC 3986 lets stand in an address, by and large.
func isURLChar(c rune) bool { return c > ' ' && c < 0x7f && !strings.ContainsRune("\"<>\\^`{|}", c) }

// rulesOf are the rules of each state.
var rulesOf = [...][]rule{
	base: {
		on(end).next(stay),
		char('<').try(inTagFirst),
		on(ignored).next(inSpace),
		on(letter).next(inASCIIWord),
		on(alpha).next(inWord),
		on(digit).next(inUInt),
		char('-').try(inSignFirst),
		char('+').try(inSignFirst),
		char('&').try(inEntityFirst),
		char('~').try(inFileTilde),
		char('/').try(inFileFirst),
		char('.').try(inPathDot),
		otherwise.next(inSpace),
	},
	inNumWord: {
		on(end).emit(NumWord, base),
		on(alnum).next(inNumWord),
		on(mark).next(inNumWord),
		char('@').try(inEmail),
		char('/').try(inFileFirst),
		char('.').try(inFileNext),
		char('-').try(inHyphenNumWordFirst),
		otherwise.emit(NumWord, base),
	},
	inASCIIWord: {
		on(end).emit(ASCIIWord, base),
		on(letter).next(stay),
		char('.').try(inHostFirstDomain),
		char('.').try(inFileNext),
		char('-').try(inHostFirstAlnum),
		char('-').try(inHyphenASCIIWordFirst),
		char('_').try(inHostFirstAlnum),
		char('@').try(inEmail),
		char(':').try(inProtocolFirst),
		char('/').try(inFileFirst),
		on(digit).try(inHost),
		on(digit).next(inNumWord),
		on(alpha).next(inWord),
		on(mark).next(inWord),
		otherwise.emit(ASCIIWord, base),
	},
	inWord: {
		on(end).emit(Word, base),
		on(alpha).next(stay),
		on(mark).next(stay),
		on(digit).next(inNumWord),
		char('-').try(inHyphenWordFirst),
		otherwise.emit(Word, base),
	},
	inUInt: {
		on(end).emit(UInt, base),
		on(digit).next(stay),
		char('.').try(inHostFirstDomain),
		char('.').try(inUDecimalFirst),
		char('e').try(inMantissaFirst),
		char('E').try(inMantissaFirst),
		char('-').try(inHostFirstAlnum),
		char('_').try(inHostFirstAlnum),
		char('@').try(inEmail),
		on(letter).try(inHost),
		on(alpha).next(inNumWord),
		on(mark).next(inNumWord),
		char('/').try(inFileFirst),
		otherwise.emit(UInt, base),
	},
	inSignFirst: {
		on(end).back(),
		on(digit).commit(inInt),
		otherwise.back(),
	},
	inInt: {
		on(end).emit(Int, base),
		on(digit).next(stay),
		char('.').try(inDecimalFirst),
		char('e').try(inMantissaFirst),
		char('E').try(inMantissaFirst),
		otherwise.emit(Int, base),
	},
	inSpace: {
		on(end).emit(Blank, base),
		char('<').emit(Blank, base),
		on(ignored).next(stay),
		char('-').emit(Blank, base),
		char('+').emit(Blank, base),
		char('&').emit(Blank, base),
		char('/').emit(Blank, base),
		on(noAlnum).next(inSpace),
		otherwise.emit(Blank, base),
	},
	inUDecimalFirst: {
		on(end).back(),
		on(digit).commit(inUDecimal),
		otherwise.back(),
	},
	inUDecimal: {
		on(end).emit(Float, base),
		on(digit).next(inUDecimal),
		char('.').try(inVersionFirst),
		char('e').try(inMantissaFirst),
		char('E').try(inMantissaFirst),
		otherwise.emit(Float, base),
	},
	inDecimalFirst: {
		on(end).back(),
		on(digit).commit(inDecimal),
		otherwise.back(),
	},
	inDecimal: {
		on(end).emit(Float, base),
		on(digit).next(inDecimal),
		char('.').try(inSignedVersion),
		char('e').try(inMantissaFirst),
		char('E').try(inMantissaFirst),
		otherwise.emit(Float, base),
	},
	inSignedVersion: {
		on(end).back(),
		on(digit).again(inVersionSign).and((*Parser).restart),
		otherwise.back(),
	},
	inVersionSign: {
		on(end).back(),
		on(digit).emitFinal(Blank, inUInt),
		otherwise.next(stay),
	},
	inVersionFirst: {
		on(end).back(),
		on(digit).commit(inVersion),
		otherwise.back(),
	},
	inVersion: {
		on(end).emit(Version, base),
		on(digit).next(inVersion),
		char('.').try(inVersionFirst),
		otherwise.emit(Version, base),
	},
	inMantissaFirst: {
		on(end).back(),
		on(digit).commit(inMantissa),
		char('+').next(inMantissaSign),
		char('-').next(inMantissaSign),
		otherwise.back(),
	},
	inMantissaSign: {
		on(end).back(),
		on(digit).commit(inMantissa),
		otherwise.back(),
	},
	inMantissa: {
		on(end).emit(SFloat, base),
		on(digit).next(inMantissa),
		otherwise.emit(SFloat, base),
	},
	inEntityFirst: {
		on(end).back(),
		char('#').next(inEntityNumFirst),
		on(letter).next(inEntity),
		char(':').next(inEntity),
		char('_').next(inEntity),
		otherwise.back(),
	},
	inEntity: {
		on(end).back(),
		on(alnum).next(inEntity),
		char(':').next(inEntity),
		char('_').next(inEntity),
		char('.').next(inEntity),
		char('-').next(inEntity),
		char(';').next(inEntityEnd),
		otherwise.back(),
	},
	inEntityNumFirst: {
		on(end).back(),
		char('x').next(inEntityHexFirst),
		char('X').next(inEntityHexFirst),
		on(digit).next(inEntityNum),
		otherwise.back(),
	},
	inEntityHexFirst: {
		on(end).back(),
		on(hex).next(inEntityHex),
		otherwise.back(),
	},
	inEntityNum: {
		on(end).back(),
		on(digit).next(inEntityNum),
		char(';').next(inEntityEnd),
		otherwise.back(),
	},
	inEntityHex: {
		on(end).back(),
		on(hex).next(inEntityHex),
		char(';').next(inEntityEnd),
		otherwise.back(),
	},
	inEntityEnd: {
		otherwise.emitCommitted(Entity, base),
	},
	inTagFirst: {
		on(end).back(),
		char('/').try(inTagCloseFirst),
		char('!').try(inCommentFirst),
		char('?').try(inXMLBegin),
		on(letter).try(inTagName),
		char(':').try(inTagName),
		char('_').try(inTagName),
		otherwise.back(),
	},
	inXMLBegin: {
		on(end).back(),
		char('x').next(inTag),
		otherwise.back(),
	},
	inTagCloseFirst: {
		on(end).back(),
		on(letter).next(inTagName),
		otherwise.back(),
	},
	inTagName: {
		on(end).back(),
		char('/').next(inTagBeginEnd),
		char('>').next(inTagEnd).and((*Parser).scriptTags),
		on(space).next(inTag).and((*Parser).scriptTags),
		on(alnum).next(stay),
		char(':').next(stay),
		char('_').next(stay),
		char('.').next(stay),
		char('-').next(stay),
		otherwise.back(),
	},
	inTagBeginEnd: {
		on(end).back(),
		char('>').next(inTagEnd),
		otherwise.back(),
	},
	inTag: {
		on(end).back(),
		char('>').next(inTagEnd).and((*Parser).scriptTags),
		char('\'').next(inTagQuote),
		char('"').next(inTagDoubleQuote),
		on(letter).next(stay),
		on(digit).next(stay),
		char('=').next(stay),
		char('-').next(stay),
		char('_').next(stay),
		char('#').next(stay),
		char('/').next(stay),
		char(':').next(stay),
		char('.').next(stay),
		char('&').next(stay),
		char('?').next(stay),
		char('%').next(stay),
		char('~').next(stay),
		on(space).next(stay).and((*Parser).scriptTags),
		otherwise.back(),
	},
	inTagQuote: {
		on(end).back(),
		char('\\').try(inTagBackslash),
		char('\'').next(inTag),
		otherwise.next(inTagQuote),
	},
	inTagDoubleQuote: {
		on(end).back(),
		char('\\').try(inTagBackslash),
		char('"').next(inTag),
		otherwise.next(inTagDoubleQuote),
	},
	inTagBackslash: {
		on(end).back(),
		otherwise.merge(),
	},
	inTagEnd: {
		otherwise.emitFinal(Tag, base),
	},
	inCommentFirst: {
		on(end).back(),
		char('-').next(inCommentSecond),
		char('D').next(inTag),
		char('d').next(inTag),
		otherwise.back(),
	},
	inCommentSecond: {
		on(end).back(),
		char('-').next(inComment),
		otherwise.back(),
	},
	inComment: {
		on(end).back(),
		char('-').next(inCommentDash),
		otherwise.next(stay),
	},
	inCommentDash: {
		on(end).back(),
		char('-').next(inCommentDashes),
		otherwise.next(inComment),
	},
	inCommentDashes: {
		on(end).back(),
		char('-').next(stay),
		char('>').next(inCommentEnd),
		otherwise.next(inComment),
	},
	inCommentEnd: {
		otherwise.emitFinal(Tag, base),
	},
	inHostFirstDomain: {
		on(end).back(),
		on(letter).next(inHostDomainSecond),
		on(digit).next(inHost),
		otherwise.back(),
	},
	inHostDomainSecond: {
		on(end).back(),
		on(letter).next(inHostDomain),
		on(digit).try(inHost),
		char('-').try(inHostFirstAlnum),
		char('_').try(inHostFirstAlnum),
		char('.').try(inHostFirstDomain),
		char('@').try(inEmail),
		otherwise.back(),
	},
	inHostDomain: {
		on(end).emitFinal(Host, base),
		on(letter).next(inHostDomain),
		on(digit).try(inHost),
		char(':').try(inPortFirst),
		char('-').try(inHostFirstAlnum),
		char('_').try(inHostFirstAlnum),
		char('.').try(inHostFirstDomain),
		char('@').try(inEmail),
		on(digit).back(),
		on(stopHost).emitFinal(Host, inURLPathStart),
		char('/').try(inAddress),
		otherwise.emitFinal(Host, base),
	},
	inPortFirst: {
		on(end).back(),
		on(digit).next(inPort),
		otherwise.back(),
	},
	inPort: {
		on(end).emitFinal(Host, base),
		on(digit).next(inPort),
		on(stopHost).emitFinal(Host, inURLPathStart),
		char('/').try(inAddress),
		otherwise.emitFinal(Host, base),
	},
	inHostFirstAlnum: {
		on(end).back(),
		on(digit).next(inHost),
		on(letter).next(inHost),
		otherwise.back(),
	},
	inHost: {
		on(end).back(),
		on(digit).next(inHost),
		on(letter).next(inHost),
		char('@').try(inEmail),
		char('.').try(inHostFirstDomain),
		char('-').try(inHostFirstAlnum),
		char('_').try(inHostFirstAlnum),
		otherwise.back(),
	},
	inEmail: {
		on(stopHost).back(),
		on(host).emitFinal(Email, base),
		otherwise.back(),
	},
	inFileFirst: {
		on(end).back(),
		on(letter).next(inFile),
		on(digit).next(inFile),
		char('.').next(inPathFirst),
		char('_').next(inFile),
		char('~').try(inFileTilde),
		otherwise.back(),
	},
	inFileTilde: {
		on(end).back(),
		on(letter).next(inFile),
		on(digit).next(inFile),
		char('_').next(inFile),
		char('/').next(inFileFirst),
		otherwise.back(),
	},
	inPathFirst: {
		on(end).back(),
		on(letter).next(inFile),
		on(digit).next(inFile),
		char('_').next(inFile),
		char('.').next(inPathSecond),
		char('/').next(inFileFirst),
		otherwise.back(),
	},
	inPathDot: {
		on(end).back(),
		char('.').next(inPathSecond),
		char('/').next(inFileFirst),
		otherwise.back(),
	},
	inPathSecond: {
		on(end).emitCommitted(File, base),
		char('/').try(inFileFirst),
		char('/').emitCommitted(File, base),
		on(space).emitCommitted(File, base),
		otherwise.back(),
	},
	inFile: {
		on(end).emit(File, base),
		on(letter).next(inFile),
		on(digit).next(inFile),
		char('.').try(inFileNext),
		char('_').next(inFile),
		char('-').next(inFile),
		char('/').try(inFileFirst),
		otherwise.emit(File, base),
	},
	inFileNext: {
		on(end).back(),
		on(letter).commit(inFile),
		on(digit).commit(inFile),
		char('_').commit(inFile),
		otherwise.back(),
	},
	inURLPathFirst: {
		on(end).back(),
		on(urlChar).next(inURLPath),
		otherwise.back(),
	},
	inURLPathStart: {
		otherwise.next(inURLPath),
	},
	inURLPath: {
		on(end).emit(URLPath, base),
		on(urlChar).next(inURLPath),
		otherwise.emit(URLPath, base),
	},
	inAddress: {
		on(end).back(),
		on(path).emitFinal(URL, base).and((*Parser).addressParts),
		otherwise.back(),
	},
	inProtocolFirst: {
		on(end).back(),
		char('/').next(inProtocolSecond),
		otherwise.back(),
	},
	inProtocolSecond: {
		on(end).back(),
		char('/').next(inProtocolEnd),
		otherwise.back(),
	},
	inProtocolEnd: {
		otherwise.emitFinal(Protocol, base),
	},
	inHyphenASCIIWordFirst: {
		on(end).back(),
		on(letter).next(inHyphenASCIIWord),
		on(alpha).next(inHyphenWord),
		on(digit).next(inHyphenDigits),
		otherwise.back(),
	},
	inHyphenASCIIWord: {
		on(end).emitFinal(ASCIIHWord, inHyphenParts).and((*Parser).rewind),
		on(letter).next(inHyphenASCIIWord),
		on(alpha).next(inHyphenWord),
		on(mark).next(inHyphenWord),
		on(digit).next(inHyphenNumWord),
		char('-').try(inHyphenASCIIWordFirst),
		otherwise.emitFinal(ASCIIHWord, inHyphenParts).and((*Parser).rewind),
	},
	inHyphenWordFirst: {
		on(end).back(),
		on(alpha).next(inHyphenWord),
		on(digit).next(inHyphenDigits),
		otherwise.back(),
	},
	inHyphenWord: {
		on(end).emitFinal(HWord, inHyphenParts).and((*Parser).rewind),
		on(alpha).next(inHyphenWord),
		on(mark).next(inHyphenWord),
		on(digit).next(inHyphenNumWord),
		char('-').try(inHyphenWordFirst),
		otherwise.emitFinal(HWord, inHyphenParts).and((*Parser).rewind),
	},
	inHyphenNumWordFirst: {
		on(end).back(),
		on(alpha).next(inHyphenNumWord),
		on(digit).next(inHyphenDigits),
		otherwise.back(),
	},
	inHyphenNumWord: {
		on(end).emitFinal(NumHWord, inHyphenParts).and((*Parser).rewind),
		on(alnum).next(inHyphenNumWord),
		on(mark).next(inHyphenNumWord),
		char('-').try(inHyphenNumWordFirst),
		otherwise.emitFinal(NumHWord, inHyphenParts).and((*Parser).rewind),
	},
	inHyphenDigits: {
		on(end).back(),
		on(digit).next(inHyphenDigits),
		on(alpha).next(inHyphenNumWord),
		on(mark).next(inHyphenNumWord),
		otherwise.back(),
	},
	inHyphenParts: {
		on(end).again(base),
		on(letter).next(inASCIIPart),
		on(alpha).next(inWordPart),
		on(digit).try(inHyphenUInt),
		char('-').try(inHyphenHyphen),
		otherwise.again(base),
	},
	inHyphenHyphen: {
		on(end).back(),
		on(alnum).emitCommitted(Blank, inHyphenParts),
		on(mark).emitCommitted(Blank, inHyphenParts),
		otherwise.back(),
	},
	inWordPart: {
		on(end).emit(HWordPart, base),
		on(alpha).next(inWordPart),
		on(mark).next(inWordPart),
		on(digit).next(inNumPart),
		otherwise.emit(HWordPart, inHyphenParts),
	},
	inASCIIPart: {
		on(end).emit(HWordASCIIPart, base),
		on(letter).next(inASCIIPart),
		on(alpha).next(inWordPart),
		on(mark).next(inWordPart),
		on(digit).next(inNumPart),
		otherwise.emit(HWordASCIIPart, inHyphenParts),
	},
	inNumPart: {
		on(end).emit(HWordNumPart, base),
		on(alnum).next(inNumPart),
		on(mark).next(inNumPart),
		otherwise.emit(HWordNumPart, inHyphenParts),
	},
	inHyphenUInt: {
		on(end).back(),
		on(digit).next(stay),
		on(alpha).commit(inNumPart),
		on(mark).commit(inNumPart),
		otherwise.back(),
	},
}
