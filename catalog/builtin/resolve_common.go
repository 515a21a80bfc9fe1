package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// CommonType chooses the one type of CASE, UNION, VALUES, ARRAY, COALESCE,
// GREATEST and IN lists (select_common_type, manual 10.5). construct names it
// in the 42804 that says that there is none: "CASE", "UNION", "VALUES",
// "ARRAY", "COALESCE", "GREATEST", "LEAST", "IN", "JOIN/USING".
func (l *Library) CommonType(construct string, list []*types.Type) (*types.Type, error) {
	common, clash := l.commonType(list)
	if clash != nil {
		return nil, pgerr.New(pgerr.DatatypeMismatch, "%s types %s and %s cannot be matched",
			construct, clash[0].SQLName, clash[1].SQLName)
	}
	return common, nil
}

// commonType answers the common type, or the two types that have none.
func (l *Library) commonType(list []*types.Type) (common *types.Type, clash []*types.Type) {
	common = list[0]
	if common != types.TUnknown && allAre(list, common) {
		return common, nil
	}
	common = common.Base()
	for _, t := range list[1:] {
		t = t.Base()
		switch {
		case t == types.TUnknown || t == common:
		case common == types.TUnknown:
			common = t
		case t.Category != common.Category:
			return nil, []*types.Type{common, t}
		case !common.Preferred && l.CanCoerce(common, t, Implicit) && !l.CanCoerce(t, common, Implicit):
			common = t
		}
	}
	if common == types.TUnknown {
		common = types.TText
	}
	return common, nil
}

func allAre(list []*types.Type, t *types.Type) bool {
	for _, u := range list {
		if u != t {
			return false
		}
	}
	return true
}
