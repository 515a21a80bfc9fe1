package bind

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// nodeFields says what becomes of each field of a node: those before the bar
// are read when the node is bound (or say nothing: locations, what analysis
// fills in, ONLY where nothing inherits); those behind it are refused with
// 0A000 when they are set. A node that is not here is refused as a whole, and
// so is one whose binding refuses it by name.
var nodeFields = parseFields(map[string]string{
	"SelectStmt": `distinct_clause into_clause target_list from_clause where_clause group_clause having_clause window_clause
		values_lists sort_clause limit_offset limit_count limit_option locking_clause with_clause op all larg rarg group_distinct |`,
	"InsertStmt":       "relation cols select_stmt on_conflict_clause returning_list with_clause override |",
	"UpdateStmt":       "relation target_list where_clause from_clause returning_list with_clause |",
	"DeleteStmt":       "relation using_clause where_clause returning_list with_clause |",
	"MergeStmt":        "relation source_relation join_condition merge_when_clauses with_clause | returning_list",
	"MergeWhenClause":  "match_kind command_type override condition target_list values |",
	"WithClause":       "ctes recursive location |",
	"CommonTableExpr":  "ctename aliascolnames ctematerialized ctequery search_clause cycle_clause location cterecursive cterefcount | ctecolnames ctecoltypes ctecoltypmods ctecolcollations",
	"CTESearchClause":  "search_col_list search_breadth_first search_seq_column location |",
	"CTECycleClause":   "cycle_col_list cycle_mark_column cycle_mark_value cycle_mark_default cycle_path_column location | cycle_mark_type cycle_mark_typmod cycle_mark_collation cycle_mark_neop",
	"OnConflictClause": "action infer target_list where_clause location |",
	"InferClause":      "index_elems where_clause conname location |",
	"IndexElem":        "name expr opclass ordering nulls_ordering | indexcolname collation opclassopts",
	"RangeVar":         "catalogname schemaname relname inh relpersistence alias location |",
	"RangeSubselect":   "lateral subquery alias |",
	"RangeFunction":    "lateral ordinality is_rowsfrom functions alias coldeflist |",
	"ColumnDef":        "colname type_name is_local location raw_default | compression inhcount is_not_null is_from_type storage storage_name cooked_default identity identity_sequence generated coll_clause coll_oid constraints fdwoptions",
	"JoinExpr":         "jointype is_natural larg rarg using_clause join_using_alias quals alias rtindex |",
	"Alias":            "aliasname colnames |",
	"ResTarget":        "name indirection val location |",
	"ColumnRef":        "fields location |",
	"ParamRef":         "number location |",
	"A_Const":          "ival fval boolval sval bsval isnull location |",
	"Integer":          "ival |",
	"Float":            "fval |",
	"Boolean":          "boolval |",
	"String":           "sval |",
	"BitString":        "bsval |",
	"A_Expr":           "kind name lexpr rexpr location |",
	"BoolExpr":         "boolop args location | xpr",
	"FuncCall":         "funcname args agg_order agg_filter over agg_within_group agg_star agg_distinct func_variadic funcformat location |",
	"TypeCast":         "arg type_name location |",
	"TypeName":         "names setof pct_type typmods typemod array_bounds location | type_oid",
	"SubLink":          "sub_link_type testexpr oper_name subselect location | xpr sub_link_id",
	"CaseExpr":         "arg args defresult location | xpr casetype casecollid",
	"CaseWhen":         "expr result location | xpr",
	"NullTest":         "arg nulltesttype location | xpr argisrow",
	"BooleanTest":      "arg booltesttype location | xpr",
	"CoalesceExpr":     "args location | xpr coalescetype coalescecollid",
	"MinMaxExpr":       "op args location | xpr minmaxtype minmaxcollid inputcollid",
	"SQLValueFunction": "op typmod location | xpr type",
	"A_ArrayExpr":      "elements location |",
	"RowExpr":          "args row_format location colnames | xpr row_typeid",
	"A_Indirection":    "arg indirection |",
	"A_Indices":        "is_slice lidx uidx |",
	"CollateClause":    "arg collname location |",
	"NamedArgExpr":     "arg name argnumber location | xpr",
	"SortBy":           "node sortby_dir sortby_nulls use_op location |",
	"LockingClause":    "locked_rels strength wait_policy |",
	"GroupingSet":      "kind content location |",
	"GroupingFunc":     "args location | xpr refs agglevelsup",
	"WindowDef":        "name refname partition_clause order_clause frame_options start_offset end_offset location |",
	"MultiAssignRef":   "source colno ncolumns |",
	"SetToDefault":     "location | xpr type_id type_mod collation",
	"A_Star":           "|",
	"List":             "items |",
	"Node":             "|",
})

// refusedNodes are nodes that the binder knows and refuses by a name of their
// own: what is in them is not looked at.
var refusedNodes = map[string]bool{
	"IntoClause": true, "CurrentOfExpr": true,
	"RangeTableSample": true, "RangeTableFunc": true, "JsonTable": true, "XmlExpr": true, "XmlSerialize": true,
}

// fieldSets are the fields of one node.
type fieldSets struct{ read, refused map[protoreflect.Name]bool }

func parseFields(in map[string]string) map[protoreflect.Name]fieldSets {
	out := make(map[protoreflect.Name]fieldSets, len(in))
	for node, list := range in {
		read, refused, _ := strings.Cut(list, "|")
		out[protoreflect.Name(node)] = fieldSets{nameSet(read), nameSet(refused)}
	}
	return out
}

func nameSet(list string) map[protoreflect.Name]bool {
	out := map[protoreflect.Name]bool{}
	for _, f := range strings.Fields(list) {
		out[protoreflect.Name(f)] = true
	}
	return out
}

// clauseNames are how refused fields and nodes are called in messages.
var clauseNames = map[string]string{
	"opclassopts": "an operator class with options",
	"collation":   "COLLATE in ON CONFLICT", "JsonObjectConstructor": "JSON_OBJECT", "JsonArrayConstructor": "JSON_ARRAY",
	"JsonIsPredicate": "IS JSON", "JsonFuncExpr": "JSON_VALUE", "JsonParseExpr": "JSON", "JsonScalarExpr": "JSON_SCALAR",
	"JsonSerializeExpr": "JSON_SERIALIZE", "JsonObjectAgg": "JSON_OBJECTAGG", "JsonArrayAgg": "JSON_ARRAYAGG",
}

func clauseName(name protoreflect.Name) string {
	if s, ok := clauseNames[string(name)]; ok {
		return s
	}
	return string(name)
}

// checkFields refuses what is in a tree and would be passed over.
func (b *binder) checkFields(n *pg.Node) {
	sqlparse.Walk(n, func(m proto.Message) bool {
		b.step()
		if nothingRefused(m) {
			return true
		}
		r := m.ProtoReflect()
		name := r.Descriptor().Name()
		if refusedNodes[string(name)] {
			return false
		}
		sets, known := nodeFields[name]
		if !known {
			b.unsupported(messageLocation(r), "%s", clauseName(name))
		}
		for fd := range sqlparse.Fields(r) {
			if sets.refused[fd.Name()] {
				b.unsupported(messageLocation(r), "%s", clauseName(fd.Name()))
			}
		}
		return true
	})
}

// nothingRefused reports whether all fields of a node are read, for those that
// there are very many of in a long statement.
func nothingRefused(m proto.Message) bool {
	switch m.(type) {
	case *pg.Node, *pg.List, *pg.A_Const, *pg.Integer, *pg.Float, *pg.Boolean, *pg.String, *pg.BitString, *pg.ParamRef, *pg.A_Expr:
		return true
	}
	return false
}

func messageLocation(m protoreflect.Message) int32 {
	if f := m.Descriptor().Fields().ByName("location"); f != nil {
		return int32(m.Get(f).Int())
	}
	return -1
}

// findSubquery finds a SubLink in an expression.
func findSubquery(n *pg.Node) (at int32, found bool) {
	sqlparse.Walk(n, func(m proto.Message) bool {
		if s, ok := m.(*pg.SubLink); ok && !found {
			at, found = s.Location, true
		}
		return !found
	})
	return at, found
}
