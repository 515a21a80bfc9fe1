package session

import (
	"sort"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/wire/session/setting"
)

// settingRows makes pg_settings.
func (s *Session) settingRows(emit func(row)) {
	names := make([]string, 0, 400)
	for name, d := range setting.Definitions() {
		if d.Category != "Ungrouped" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		d := setting.Definitions()[name]
		reset, boot := s.settings.ResetValue(d.Name), d.Boot
		if d.Context == "internal" {
			boot = reset
		}
		enum := types.Null
		if d.Enum != nil {
			var elems []types.Datum
			for _, e := range d.Enum {
				elems = append(elems, types.Text(e))
			}
			enum = vector(types.TText, elems)
		}
		emit(row{
			"name": types.Text(d.Name), "setting": types.Text(s.settingValue(d)), "unit": textOrNull(d.Unit),
			"category": types.Text(d.Category), "short_desc": types.Text(d.Short), "extra_desc": textOrNull(d.Extra), "context": types.Text(d.Context),
			"vartype": types.Text(d.Type), "source": types.Text(s.settingSource(d)), "min_val": limit(d, d.Min), "max_val": limit(d, d.Max),
			"enumvals": enum, "boot_val": types.Text(boot), "reset_val": types.Text(reset), "pending_restart": types.False,
		})
	}
}

// settingValue is a parameter's value as it is kept, without a unit; the running
// transaction's own are what they are.
func (s *Session) settingValue(d *setting.Definition) string {
	if strings.HasPrefix(d.Name, "transaction_") {
		if v, err := s.showValue(d.Name); err == nil {
			return v
		}
	}
	return s.settings.Get(d.Name)
}

// limit prints a bound of numbers; other types have none.
func limit(d *setting.Definition, v float64) types.Datum {
	switch d.Type {
	case "integer":
		return types.Text(strconv.FormatFloat(v, 'f', -1, 64))
	case "real":
		return types.Text(strconv.FormatFloat(v, 'g', -1, 64))
	}
	return types.Null
}

// settingSource is where the value in force comes from.
func (s *Session) settingSource(d *setting.Definition) string {
	reset := s.settings.ResetValue(d.Name)
	server, set := s.node.Defaults[d.Name]
	switch {
	case s.settings.Get(d.Name) != reset:
		return "session"
	case set && server == reset && d.Context != "internal":
		return "configuration file"
	case reset != d.Boot && d.Context != "internal":
		return "client"
	}
	return "default"
}
