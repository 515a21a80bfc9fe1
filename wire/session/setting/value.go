package setting

import (
	"math"
	"strconv"
	"strings"

	"github.com/pegmatitedb/pegmatite/internal/pgerr"
)

// units are the multiples that a value may be written in, largest first, in
// terms of the base units B and ms (guc.c, memory_unit_conversion_table).
var units = []struct {
	name string
	base string
	size float64
}{
	{"TB", "B", 1 << 40}, {"GB", "B", 1 << 30}, {"MB", "B", 1 << 20}, {"kB", "B", 1 << 10}, {"B", "B", 1},
	{"d", "ms", 86400000}, {"h", "ms", 3600000}, {"min", "ms", 60000}, {"s", "ms", 1000}, {"ms", "ms", 1}, {"us", "ms", 0.001},
}

// unitSize splits a Definition's unit ("8kB", "min") into its base and size.
func unitSize(unit string) (base string, size float64) {
	digits := len(unit) - len(strings.TrimLeft(unit, "0123456789"))
	factor := 1.0
	if digits > 0 {
		factor, _ = strconv.ParseFloat(unit[:digits], 64)
	}
	for _, u := range units {
		if u.name == unit[digits:] {
			return u.base, u.size * factor
		}
	}
	return "", 1
}

// Parse reads a value as SET gives it and returns its canonical form: numbers
// in the parameter's own unit, booleans as on and off, enums as listed.
func (d *Definition) Parse(s string) (string, *pgerr.E) {
	switch d.Type {
	case "bool":
		if b, ok := parseBool(s); ok {
			return onOff(b), nil
		}
		return "", pgerr.New(pgerr.InvalidParameterValue, "parameter %q requires a Boolean value", d.Name)
	case "integer", "real":
		return d.parseNumber(s)
	case "enum":
		return d.parseEnum(s)
	}
	return s, nil
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// parseBool accepts unique prefixes, as parse_bool does.
func parseBool(s string) (value, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	for _, w := range []struct {
		word  string
		least int
		value bool
	}{{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false}, {"on", 2, true}, {"off", 2, false}, {"1", 1, true}, {"0", 1, false}} {
		if len(s) >= w.least && strings.HasPrefix(w.word, s) {
			return w.value, true
		}
	}
	return false, false
}

func (d *Definition) parseEnum(s string) (string, *pgerr.E) {
	for _, v := range d.Enum {
		if strings.EqualFold(v, s) {
			return v, nil
		}
	}
	if v := hidden[strings.ToLower(d.Name)][strings.ToLower(s)]; v != "" {
		return v, nil
	}
	// Enums that also take booleans list on and off under other names' cover (synchronous_commit = true).
	if b, ok := parseBool(s); ok {
		for _, v := range d.Enum {
			if v == onOff(b) {
				return v, nil
			}
		}
	}
	return "", d.invalid(s).WithHint("Available values: %s.", strings.Join(d.Enum, ", "))
}

// hidden are values that PostgreSQL takes and does not list.
var hidden = map[string]map[string]string{
	"client_min_messages": {"debug": "debug2", "info": "info"},
	"log_min_messages":    {"debug": "debug2"},
}

func (d *Definition) invalid(s string) *pgerr.E {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter %q: %q", d.Name, s)
}

func (d *Definition) parseNumber(s string) (string, *pgerr.E) {
	text := strings.TrimSpace(s)
	end := len(text)
	for end > 0 && (text[end-1] >= 'a' && text[end-1] <= 'z' || text[end-1] >= 'A' && text[end-1] <= 'Z') {
		end--
	}
	digits, unit := strings.TrimSpace(text[:end]), text[end:]
	if strings.HasPrefix(strings.ToLower(digits+unit), "0x") {
		digits, unit = text, ""
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		i, err := strconv.ParseInt(digits, 0, 64)
		if err != nil {
			return "", d.invalid(s)
		}
		v = float64(i)
	}
	if unit != "" {
		if v, err = d.convert(v, unit); err != nil {
			return "", d.invalid(s).WithHint("%s", d.unitHint())
		}
	}
	return d.inRange(s, v)
}

// convert turns v of the written unit into the parameter's unit.
func (d *Definition) convert(v float64, unit string) (float64, error) {
	base, size := unitSize(d.Unit)
	for _, u := range units {
		if u.name == unit && u.base == base {
			return v * u.size / size, nil
		}
	}
	return 0, strconv.ErrSyntax
}

func (d *Definition) unitHint() string {
	switch base, _ := unitSize(d.Unit); base {
	case "B":
		return `Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`
	case "ms":
		return `Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`
	}
	return ""
}

func (d *Definition) inRange(s string, v float64) (string, *pgerr.E) {
	if d.Type == "integer" {
		v = math.RoundToEven(v)
		if v > math.MaxInt32 || v < math.MinInt32 {
			return "", d.invalid(s).WithHint("Value exceeds integer range.")
		}
	}
	if d.Min == d.Max || v >= d.Min && v <= d.Max {
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	}
	unit := ""
	if d.Unit != "" {
		unit = " " + d.Unit
	}
	show := func(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }
	if d.Type == "integer" {
		show = func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	}
	return "", pgerr.New(pgerr.InvalidParameterValue, "%s%s is outside the valid range for parameter %q (%s%s .. %s%s)",
		show(v), unit, d.Name, show(d.Min), "", show(d.Max), "")
}

// octal are the parameters that SHOW prints as modes of files.
var octal = map[string]bool{"data_directory_mode": true, "log_file_mode": true, "unix_socket_permissions": true}

// bare are the parameters that SHOW prints without their unit.
var bare = map[string]bool{"tcp_keepalives_idle": true, "tcp_keepalives_interval": true, "tcp_user_timeout": true}

// Show is the value as SHOW prints it: in the largest unit that divides it.
func (d *Definition) Show(canonical string) string {
	switch {
	case octal[d.Name]:
		mode, _ := strconv.ParseInt(canonical, 10, 32)
		return "0" + strconv.FormatInt(mode, 8)
	case d.Name == "archive_command" && canonical == "":
		return "(disabled)"
	case d.Unit == "" || bare[d.Name]:
		return canonical
	case d.Type == "real":
		if v, err := strconv.ParseFloat(canonical, 64); err == nil && v > 0 {
			return canonical + d.Unit
		}
		return canonical
	case d.Type != "integer":
		return canonical
	}
	v, err := strconv.ParseInt(canonical, 10, 64)
	if err != nil || v <= 0 {
		return canonical
	}
	base, size := unitSize(d.Unit)
	total := float64(v) * size
	for _, u := range units {
		if u.base == base && math.Mod(total, u.size) == 0 && total >= u.size {
			return strconv.FormatFloat(total/u.size, 'f', -1, 64) + u.name
		}
	}
	return canonical
}
