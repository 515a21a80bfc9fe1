package session

import (
	"context"
	"sort"
	"strings"
	"sync"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/plan"
	"github.com/pegmatitedb/pegmatite/wire/session/setting"
)

// reportedSettings are the parameters that clients are told of, in PostgreSQL's order of names.
var reportedSettings = sync.OnceValue(func() []*setting.Definition {
	var ds []*setting.Definition
	for _, d := range setting.Definitions() {
		if d.Report {
			ds = append(ds, d)
		}
	}
	sort.Slice(ds, func(i, j int) bool { return ds[i].Name < ds[j].Name })
	return ds
})

// show is SHOW name and SHOW ALL.
func (s *Session) show(n *pg.VariableShowStmt) (*result, error) {
	if n.Name == "all" {
		return s.showAll(), nil
	}
	v, err := s.showValue(n.Name)
	if err != nil {
		return nil, err
	}
	r := textRows("", "SHOW", v)
	r.columns = s.showColumns(n)
	return r, nil
}

// showColumns are SHOW's result columns: named as the parameter is.
func (s *Session) showColumns(n *pg.VariableShowStmt) []plan.Column {
	if n.Name == "all" {
		return append(append(textColumn("name"), textColumn("setting")...), textColumn("description")...)
	}
	return textColumn(s.settings.Spelling(n.Name))
}

// showValue is a parameter as SHOW prints it (42704).
func (s *Session) showValue(name string) (string, error) {
	switch strings.ToLower(name) {
	case "transaction_isolation":
		return s.isolation(), nil
	case "transaction_read_only":
		return onOff(s.tx != nil && s.tx.readOnly), nil
	case "transaction_deferrable":
		return onOff(s.tx != nil && s.tx.deferrable), nil
	case "is_superuser":
		return onOff(s.currentUser().Super), nil
	case "seed":
		return "unavailable", nil
	}
	if !s.settings.Has(name) {
		return "", pgerr.New(pgerr.UndefinedObject, "unrecognized configuration parameter %q", name)
	}
	d, e := setting.Lookup(name)
	if e != nil {
		return "", e
	}
	return d.Show(s.settings.Get(name)), nil
}

func (s *Session) showAll() *result {
	names := make([]string, 0, 400)
	for name := range setting.Definitions() {
		names = append(names, name)
	}
	sort.Strings(names)
	m := &memory{}
	for _, name := range names {
		d := setting.Definitions()[name]
		v, err := s.showValue(name)
		if err != nil || d.Category == "Ungrouped" {
			continue
		}
		m.rows = append(m.rows, []types.Datum{types.Text(d.Name), types.Text(v), types.Text(d.Short)})
	}
	return &result{columns: s.showColumns(&pg.VariableShowStmt{Name: "all"}), rows: m, tag: func(int64) string { return "SHOW" }}
}

// set is SET, SET LOCAL, RESET and SET TRANSACTION.
func (s *Session) set(ctx context.Context, n *pg.VariableSetStmt) (*result, error) {
	if n.IsLocal && !s.inBlock() {
		s.Notice(pgerr.New(pgerr.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks").WithSeverity(pgerr.SeverityWarning))
	}
	var err error
	tag := "SET"
	switch n.Kind {
	case pg.VariableSetKind_VAR_SET_VALUE:
		err = s.setValue(n)
	case pg.VariableSetKind_VAR_SET_CURRENT:
		err = s.settings.Set(n.Name, s.settings.Get(n.Name), n.IsLocal)
	case pg.VariableSetKind_VAR_SET_MULTI:
		err = s.setMulti(n)
	case pg.VariableSetKind_VAR_SET_DEFAULT:
		err = s.resetSetting(n.Name)
	case pg.VariableSetKind_VAR_RESET:
		if n.Name == "transaction_isolation" && !s.inBlock() {
			s.Notice(pgerr.New(pgerr.NoActiveSQLTransaction, "RESET TRANSACTION can only be used in transaction blocks").WithSeverity(pgerr.SeverityWarning))
		}
		tag, err = "RESET", s.resetSetting(n.Name)
	case pg.VariableSetKind_VAR_RESET_ALL:
		tag = "RESET"
		s.settings.ResetAll()
	}
	if err != nil {
		return nil, err
	}
	s.settingsChanged()
	return done(tag), nil
}

// setMulti is SET TRANSACTION and SET SESSION CHARACTERISTICS AS TRANSACTION.
func (s *Session) setMulti(n *pg.VariableSetStmt) error {
	switch n.Name {
	case "TRANSACTION":
		if !s.inBlock() {
			s.Notice(pgerr.New(pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks").WithSeverity(pgerr.SeverityWarning))
		}
		return s.setModes(n.Args)
	case "SESSION CHARACTERISTICS":
		return s.setCharacteristics(n.Args)
	}
	return pgerr.Unsupported("SET %s", n.Name)
}

// setCharacteristics sets the defaults of later transactions.
func (s *Session) setCharacteristics(options []*pg.Node) error {
	for _, o := range options {
		d := o.GetDefElem()
		v := constText(d.GetArg())
		if d.GetDefname() != "transaction_isolation" {
			v = onOff(d.GetArg().GetAConst().GetIval().GetIval() != 0)
		}
		if err := s.settings.Set("default_"+d.GetDefname(), v, false); err != nil {
			return err
		}
	}
	return nil
}

// setValue is SET name = value, ….
func (s *Session) setValue(n *pg.VariableSetStmt) error {
	text, err := setTexts(n)
	if err != nil {
		return err
	}
	return s.setSetting(n.Name, text, n.IsLocal)
}

// checkKept refuses what ALTER ROLE and ALTER DATABASE could not keep for SET.
func (s *Session) checkKept(n *pg.VariableSetStmt) error {
	if n.GetKind() != pg.VariableSetKind_VAR_SET_VALUE {
		return nil
	}
	text, err := setTexts(n)
	if err != nil {
		return err
	}
	if err := setting.Check(n.Name, text); err != nil {
		return err
	}
	switch strings.ToLower(n.Name) {
	case "timezone", "datestyle", "client_encoding", "max_stack_depth":
		_, err = s.checkSetting(n.Name, text)
	}
	return err
}

// settingToKeep is what a function keeps of a SET.
func (s *Session) settingToKeep(n *pg.VariableSetStmt) (string, error) {
	if n.Kind == pg.VariableSetKind_VAR_SET_CURRENT {
		return s.showValue(n.Name)
	}
	if err := s.checkKept(n); err != nil {
		return "", err
	}
	return setTexts(n)
}

// setTexts are the values of SET as one text.
func setTexts(n *pg.VariableSetStmt) (string, error) {
	if d, err := setting.Lookup(n.Name); len(n.Args) > 1 && err == nil && !d.List() {
		return "", pgerr.New(pgerr.InvalidParameterValue, "SET %s takes only one argument", n.Name)
	}
	var parts []string
	for _, a := range n.Args {
		parts = append(parts, setText(n.Name, a))
	}
	return strings.Join(parts, ", "), nil
}

// setText is one value of SET as text; lists of names are quoted where they need it.
func setText(name string, a *pg.Node) string {
	if tc := a.GetTypeCast(); tc != nil {
		return intervalZone(constText(tc.GetArg()))
	}
	v := constText(a)
	if strings.EqualFold(name, "search_path") || strings.EqualFold(name, "temp_tablespaces") {
		return quoteIdent(v)
	}
	return v
}

// intervalZone is the zone of SET TIME ZONE INTERVAL '…'.
func intervalZone(text string) string {
	d, err := types.TInterval.Parse(types.DefaultEnv(), text, -1)
	if err != nil {
		return text
	}
	return offsetZone(time.Duration(d.Interval().Micros) * time.Microsecond)
}

// isolation is the name of the level in force, or of the one that the next transaction gets.
func (s *Session) isolation() string {
	if s.tx != nil && !s.tx.uncommitted {
		return s.tx.txn.Isolation().String()
	}
	if s.tx != nil {
		return "read uncommitted"
	}
	return s.settings.Get("default_transaction_isolation")
}

// noteSettings shows other sessions what they see of this one's settings.
func (s *Session) noteSettings() {
	if s.notedAt == s.settings.Changed+1 {
		return
	}
	s.notedAt = s.settings.Changed + 1
	if v := s.settings.Get("application_name"); v != s.activity.application() {
		s.activity.name.Store(&v)
	}
}

// settingsChanged tells the client and what was derived from settings.
func (s *Session) settingsChanged() {
	s.noteSettings()
	s.env.stale()
}
