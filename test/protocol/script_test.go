package protocol

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// block is a run of client messages sent at once, and what came back.
type block struct {
	comments []string // lines before it, kept when recording
	sent     []string
	answers  []string
}

// parseScript splits a transcript into blocks.
func parseScript(text string) []block {
	var blocks []block
	var comments []string
	open := false
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case strings.HasPrefix(line, "> "):
			if !open || blocks[len(blocks)-1].complete(line[2:]) {
				blocks = append(blocks, block{comments: comments})
				comments, open = nil, true
			}
			b := &blocks[len(blocks)-1]
			b.sent = append(b.sent, line[2:])
		case strings.HasPrefix(line, "< "):
			open = false
			b := &blocks[len(blocks)-1]
			b.answers = append(b.answers, line[2:])
		default:
			open = false
			comments = append(comments, line)
		}
	}
	return blocks
}

// complete reports whether a block ends before the next line although no
// answer stands between, as in a transcript that is not recorded yet: what has
// been asked is answered then, but for data that a COPY may be waiting for.
func (b *block) complete(next string) bool {
	if next == "Connect" {
		return true
	}
	if strings.HasPrefix(next, "Copy") {
		return false
	}
	for _, line := range b.sent {
		if w := words(line)[0]; w == "Query" || w == "Sync" || w == "Startup" || isRaw(line) {
			return next != "Flush"
		}
	}
	return false
}

// format writes blocks as a transcript again.
func format(blocks []block) string {
	var b strings.Builder
	for _, k := range blocks {
		for _, c := range k.comments {
			b.WriteString(c + "\n")
		}
		for _, s := range k.sent {
			b.WriteString("> " + s + "\n")
		}
		for _, a := range k.answers {
			b.WriteString("< " + a + "\n")
		}
	}
	return b.String()
}

// words splits a line at spaces; Go strings are one word each, unquoted.
func words(line string) []string {
	var ws []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		prefix := 0
		if i := strings.IndexByte(line, '"'); i >= 0 && !strings.Contains(line[:i], " ") {
			prefix = i
		}
		if line[prefix] == '"' {
			q, err := strconv.QuotedPrefix(line[prefix:])
			if err != nil {
				panic(fmt.Sprintf("bad string in %q", line))
			}
			text, _ := strconv.Unquote(q)
			ws = append(ws, line[:prefix]+text)
			line = line[prefix+len(q):]
			continue
		}
		w, rest, _ := strings.Cut(line, " ")
		ws, line = append(ws, w), rest
	}
	return ws
}

// encode makes the bytes of one client line. ready is how many ReadyForQuery it asks for.
func encode(line string) (data []byte, ready int) {
	w := words(line)
	var m pgproto3.FrontendMessage
	switch w[0] {
	case "Query":
		m, ready = &pgproto3.Query{String: w[1]}, 1
	case "Parse":
		p := &pgproto3.Parse{Name: w[1], Query: w[2]}
		for _, oid := range w[3:] {
			p.ParameterOIDs = append(p.ParameterOIDs, uint32(number(oid)))
		}
		m = p
	case "Bind":
		m = bind(w[1:])
	case "Describe":
		m = &pgproto3.Describe{ObjectType: w[1][0], Name: w[2]}
	case "Close":
		m = &pgproto3.Close{ObjectType: w[1][0], Name: w[2]}
	case "Execute":
		e := &pgproto3.Execute{Portal: w[1]}
		if len(w) > 2 {
			e.MaxRows = uint32(number(w[2]))
		}
		m = e
	case "Sync":
		m, ready = &pgproto3.Sync{}, 1
	case "Flush":
		m = &pgproto3.Flush{}
	case "Terminate":
		m = &pgproto3.Terminate{}
	case "CopyData":
		m = &pgproto3.CopyData{Data: []byte(w[1])}
	case "CopyDone":
		m = &pgproto3.CopyDone{}
	case "CopyFail":
		m = &pgproto3.CopyFail{Message: w[1]}
	case "Startup":
		return startup(w[1:]), 1
	case "Raw":
		data, err := hex.DecodeString(strings.Join(w[1:], ""))
		if err != nil {
			panic(err)
		}
		return data, 0
	default:
		panic("unknown message " + line)
	}
	data, err := m.Encode(nil)
	if err != nil {
		panic(err)
	}
	return data, ready
}

// bind reads `portal statement value …`: t:text and b:hex are values in text
// and binary form, null is NULL; pf= and rf= give format codes.
func bind(w []string) *pgproto3.Bind {
	b := &pgproto3.Bind{DestinationPortal: w[0], PreparedStatement: w[1]}
	given := false
	var formats []int16
	for _, v := range w[2:] {
		kind, rest, _ := strings.Cut(v, ":")
		switch {
		case strings.HasPrefix(v, "pf="):
			b.ParameterFormatCodes, given = codes(v[3:]), true
		case strings.HasPrefix(v, "rf="):
			b.ResultFormatCodes = codes(v[3:])
		case v == "null":
			b.Parameters, formats = append(b.Parameters, nil), append(formats, 0)
		case kind == "t":
			b.Parameters, formats = append(b.Parameters, []byte(rest)), append(formats, 0)
		case kind == "b":
			raw, err := hex.DecodeString(rest)
			if err != nil {
				panic(err)
			}
			b.Parameters, formats = append(b.Parameters, raw), append(formats, 1)
		default:
			panic("bad value " + v)
		}
	}
	if !given {
		b.ParameterFormatCodes = formats
	}
	return b
}

func codes(list string) []int16 {
	var cs []int16
	for _, c := range strings.Split(list, ",") {
		cs = append(cs, int16(number(c)))
	}
	return cs
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// startup makes a start-up packet; version=3.2 asks for another protocol.
func startup(pairs []string) []byte {
	body := []byte{0, 0, 0, 0, 0, 3, 0, 0}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		if k == "version" {
			major, minor, _ := strings.Cut(v, ".")
			binary.BigEndian.PutUint16(body[4:], uint16(number(major)))
			binary.BigEndian.PutUint16(body[6:], uint16(number(minor)))
			continue
		}
		body = append(append(append(append(body, k...), 0), v...), 0)
	}
	body = append(body, 0)
	binary.BigEndian.PutUint32(body, uint32(len(body)))
	return body
}
