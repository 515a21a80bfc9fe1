package builtin

import (
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/textsearch"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// The OIDs of what is in pg_ts_config, pg_ts_dict and pg_ts_parser
// (catalog/pgcatalog/data). Each language has a dictionary, and a configuration behind it.
const (
	simpleConfigOID     = 3748
	simpleDictionaryOID = 3765
	defaultParserOID    = 3722
	firstLanguageOID    = 13151
)

// languages are the languages of pg_ts_config in order of their OIDs.
var languages = strings.Fields(`arabic armenian basque catalan danish dutch english finnish french german greek hindi
hungarian indonesian irish italian lithuanian nepali norwegian portuguese romanian russian serbian spanish swedish
tamil turkish yiddish`)

// TextSearchConfigs are the OIDs of pg_ts_config by name, TextSearchDictionaries
// those of pg_ts_dict.
var (
	TextSearchConfigs      = languageOIDs("", 1, simpleConfigOID)
	TextSearchDictionaries = languageOIDs("_stem", 0, simpleDictionaryOID)
)

func languageOIDs(suffix string, offset int, simple types.OID) map[string]types.OID {
	out := map[string]types.OID{"simple": simple}
	for i, l := range languages {
		out[l+suffix] = types.OID(firstLanguageOID + 2*i + offset)
	}
	return out
}

// FindTextSearch reads a regconfig or a regdictionary: a number, "-" or a name,
// which may be qualified and quoted. 42704 where nothing has it.
func FindTextSearch(t *types.Type, text string) (types.OID, error) {
	if text == "-" || text != "" && text[0] >= '0' && text[0] <= '9' {
		d, err := t.Parse(types.DefaultEnv(), text, -1)
		return types.OID(d.Int()), err
	}
	oids := TextSearchConfigs
	what := "configuration"
	if t == types.TRegdictionary {
		oids, what = TextSearchDictionaries, "dictionary"
	}
	name := text
	if schema, object, ok := strings.Cut(text, "."); ok && identifierOf(schema) == "pg_catalog" {
		name = object
	}
	if oid, ok := oids[identifierOf(name)]; ok {
		return oid, nil
	}
	return 0, pgerr.New(pgerr.UndefinedObject, "text search %s \"%s\" does not exist", what, text)
}

// identifierOf is a name without its quotes, in lower case unless it has some.
func identifierOf(s string) string {
	s = strings.TrimSpace(s)
	if n := len(s); n > 1 && s[0] == '"' && s[n-1] == '"' {
		return s[1 : n-1]
	}
	return strings.ToLower(s)
}

// TextSearchName is the name of a regconfig or a regdictionary; "" when nothing has the OID.
func TextSearchName(t *types.Type, oid types.OID) string {
	if t == types.TRegdictionary {
		return nameOf(TextSearchDictionaries, oid)
	}
	return nameOf(TextSearchConfigs, oid)
}

// nameOf is the name that has an OID; "" when none has.
func nameOf(oids map[string]types.OID, oid types.OID) string {
	for name, have := range oids {
		if have == oid {
			return name
		}
	}
	return ""
}

// configOf is the configuration of a regconfig: 0A000 of the languages that
// there is no stemmer for.
func configOf(d types.Datum) (*textsearch.Config, error) {
	switch name := nameOf(TextSearchConfigs, types.OID(d.Int())); name {
	case "simple":
		return textsearch.SimpleConfig, nil
	case "english":
		return textsearch.EnglishConfig, nil
	case "":
		return nil, pgerr.Raised("lookup_ts_config_cache", "cache lookup failed for text search configuration %d", d.Int())
	default:
		return nil, pgerr.Unsupported("text search configuration %q", name)
	}
}

func dictionaryOf(d types.Datum) (*textsearch.Dictionary, error) {
	switch name := nameOf(TextSearchDictionaries, types.OID(d.Int())); name {
	case "simple":
		return textsearch.Simple, nil
	case "english_stem":
		return textsearch.EnglishStem, nil
	case "":
		return nil, pgerr.Raised("lookup_ts_dictionary_cache", "cache lookup failed for text search dictionary %d", d.Int())
	default:
		return nil, pgerr.Unsupported("text search dictionary %q", name)
	}
}

// withConfig calls f with the configuration that the first argument names, and
// with the others; of a call without one it is the session's.
func withConfig(named bool, f func(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error)) impl {
	return func(ctx *expr.Context, a []types.Datum) (types.Datum, error) {
		which := types.Int(int64(ctx.Env.TextSearchConfig))
		if named {
			which, a = a[0], a[1:]
		}
		c, err := configOf(which)
		if err != nil {
			return types.Null, err
		}
		return f(ctx, c, a)
	}
}

// tsConfigImpls are the functions that read texts by a configuration (to_tsany.c,
// wparser.c, dict.c).
var tsConfigImpls = makeTSConfigImpls()

func makeTSConfigImpls() impls {
	out := impls{
		"get_current_ts_config": func(ctx *expr.Context, _ []types.Datum) (types.Datum, error) {
			return types.Int(int64(ctx.Env.TextSearchConfig)), nil
		},
		"ts_match_tt": withConfig(false, matchTexts), "ts_match_tq": withConfig(false, matchText), "ts_lexize": tsLexize,
	}
	for name, f := range map[string]func(*expr.Context, *textsearch.Config, []types.Datum) (types.Datum, error){
		"to_tsvector": toVector,
		"to_tsquery":  toQuery((*textsearch.Config).ToQuery), "plainto_tsquery": toQuery((*textsearch.Config).PlainQuery),
		"phraseto_tsquery":     toQuery((*textsearch.Config).PhraseQuery),
		"websearch_to_tsquery": toQuery((*textsearch.Config).WebQuery),
		"json_to_tsvector":     jsonToVector, "jsonb_to_tsvector": jsonToVector,
		"json_string_to_tsvector": jsonStringsToVector, "jsonb_string_to_tsvector": jsonStringsToVector,
	} {
		out[name], out[name+"_byid"] = withConfig(false, f), withConfig(true, f)
	}
	for name, f := range map[string]func(*expr.Context, *textsearch.Config, []types.Datum) (types.Datum, error){
		"ts_headline": headline, "ts_headline_json": headlineJSON, "ts_headline_jsonb": headlineJSONB,
	} {
		out[name], out[name+"_opt"] = withConfig(false, f), withConfig(false, f)
		out[name+"_byid"], out[name+"_byid_opt"] = withConfig(true, f), withConfig(true, f)
	}
	return out
}

func vectorOrError(v textsearch.Vector, err error) (types.Datum, error) {
	if err != nil {
		return types.Null, err
	}
	return types.VectorDatum(v), nil
}

func toVector(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
	return vectorOrError(c.ToVector(a[0].Text(), ctx.Spend))
}

func toQuery(read func(*textsearch.Config, string, textsearch.Work) (*textsearch.Query, error)) func(*expr.Context, *textsearch.Config, []types.Datum) (types.Datum, error) {
	return func(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
		q, err := read(c, a[0].Text(), ctx.Spend)
		if err != nil {
			return types.Null, err
		}
		return types.QueryDatum(q), nil
	}
}

func matchText(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
	v, err := c.ToVector(a[0].Text(), ctx.Spend)
	if err != nil {
		return types.Null, err
	}
	return types.Bool(v.Matches(a[1].Query())), nil
}

func matchTexts(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
	q, err := c.PlainQuery(a[1].Text(), ctx.Spend)
	if err != nil {
		return types.Null, err
	}
	return matchText(ctx, c, []types.Datum{a[0], types.QueryDatum(q)})
}

func tsLexize(_ *expr.Context, a []types.Datum) (types.Datum, error) {
	d, err := dictionaryOf(a[0])
	if err != nil {
		return types.Null, err
	}
	return lexemes(d, a[1].Text()), nil
}

// lexemes is what a dictionary makes of a word: nothing of a stop word.
func lexemes(d *textsearch.Dictionary, word string) types.Datum {
	var elems []types.Datum
	if lexeme, ok := d.Lexize(word); ok {
		elems = []types.Datum{types.Text(lexeme)}
	}
	return types.ArrayDatum(types.NewArray(types.TText, elems))
}

// headlineOptions is the optional last argument.
func headlineOptions(a []types.Datum) (*textsearch.HeadlineOptions, error) {
	if len(a) < 3 {
		return textsearch.DefaultHeadline(), nil
	}
	return textsearch.ParseHeadlineOptions(a[2].Text())
}

func headline(ctx *expr.Context, c *textsearch.Config, a []types.Datum) (types.Datum, error) {
	o, err := headlineOptions(a)
	if err != nil {
		return types.Null, err
	}
	s, err := c.Headline(a[0].Text(), a[1].Query(), o, ctx.Spend)
	return types.Text(s), err
}

// tsConfigRows are the ones that return sets.
var tsConfigRows = rowsImpls{
	"ts_token_type_byid": byParser(tokenTypes), "ts_token_type_byname": byParserName(tokenTypes),
	"ts_parse_byid": byParser(tokensOf), "ts_parse_byname": byParserName(tokensOf),
	"ts_debug(text)": func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		return tsDebug(ctx, []types.Datum{types.Int(int64(ctx.Env.TextSearchConfig)), a[0]}, yield)
	},
	"ts_debug(regconfig,text)": tsDebug,
}

func byParser(f rowsImpl) rowsImpl {
	return func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		if a[0].Int() != defaultParserOID {
			return pgerr.Raised("lookup_ts_parser_cache", "cache lookup failed for text search parser %d", a[0].Int())
		}
		return f(ctx, a[1:], yield)
	}
}

func byParserName(f rowsImpl) rowsImpl {
	return func(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
		if name := strings.ToLower(strings.TrimSpace(a[0].Text())); name != "default" && name != "pg_catalog.default" {
			return pgerr.New(pgerr.UndefinedObject, "text search parser %q does not exist", a[0].Text())
		}
		return f(ctx, a[1:], yield)
	}
}

var (
	tokenTypeColumns = []*types.Type{types.TInt4, types.TText, types.TText}
	tokenTypeNames   = []string{"tokid", "alias", "description"}
	tokenColumns     = []*types.Type{types.TInt4, types.TText}
	tokenNames       = []string{"tokid", "token"}
	debugColumns     = []*types.Type{types.TText, types.TText, types.TText, types.TRegdictionaryArray, types.TRegdictionary, types.TTextArray}
	debugNames       = []string{"alias", "description", "token", "dictionaries", "dictionary", "lexemes"}
)

func tokenTypes(_ *expr.Context, _ []types.Datum, yield func(types.Datum) bool) error {
	for _, t := range textsearch.TokenNames {
		if !yield(types.RowDatum(&types.Row{Types: tokenTypeColumns, Names: tokenTypeNames, Fields: []types.Datum{
			types.Int(int64(t.Type)), types.Text(t.Alias), types.Text(t.Description)}})) {
			return nil
		}
	}
	return nil
}

// eachToken calls f with the tokens of a text until it answers false.
func eachToken(ctx *expr.Context, text string, f func(textsearch.Token) bool) error {
	p := textsearch.NewParser(text, ctx.Spend)
	for {
		t, found, err := p.Next()
		if err != nil || !found || !f(t) {
			return err
		}
	}
}

func tokensOf(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	return eachToken(ctx, a[0].Text(), func(t textsearch.Token) bool {
		return yield(types.RowDatum(&types.Row{Types: tokenColumns, Names: tokenNames, Fields: []types.Datum{
			types.Int(int64(t.Type)), types.Text(t.Text)}}))
	})
}

// tsDebug tells of each token what becomes of it (ts_debug in system_functions.sql).
func tsDebug(ctx *expr.Context, a []types.Datum, yield func(types.Datum) bool) error {
	c, err := configOf(a[0])
	if err != nil {
		return err
	}
	return eachToken(ctx, a[1].Text(), func(t textsearch.Token) bool {
		name := textsearch.TokenNames[t.Type-1]
		row := &types.Row{Types: debugColumns, Names: debugNames, Fields: []types.Datum{
			types.Text(name.Alias), types.Text(name.Description), types.Text(t.Text),
			types.ArrayDatum(types.NewArray(types.TRegdictionary, nil)), types.Null, types.Null}}
		if d := c.Dictionary(t.Type); d != nil {
			oid := types.Int(int64(TextSearchDictionaries[d.Name]))
			row.Fields[3] = types.ArrayDatum(types.NewArray(types.TRegdictionary, []types.Datum{oid}))
			row.Fields[4], row.Fields[5] = oid, lexemes(d, t.Text)
		}
		return yield(types.RowDatum(row))
	})
}
