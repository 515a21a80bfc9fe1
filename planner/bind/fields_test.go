package bind

import (
	"testing"

	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// messages are all message types that a parse tree can consist of.
func messages() map[protoreflect.Name]protoreflect.MessageDescriptor {
	out := map[protoreflect.Name]protoreflect.MessageDescriptor{}
	var add func(d protoreflect.MessageDescriptor)
	add = func(d protoreflect.MessageDescriptor) {
		if out[d.Name()] != nil {
			return
		}
		out[d.Name()] = d
		for i := range d.Fields().Len() {
			if m := d.Fields().Get(i).Message(); m != nil {
				add(m)
			}
		}
	}
	add((&pg.Node{}).ProtoReflect().Descriptor())
	return out
}

// Every field of a node that the binder takes is either read or refused, so
// that a grammar with a new clause does not have it passed over.
func TestEveryFieldIsReadOrRefused(t *testing.T) {
	all := messages()
	for name, sets := range nodeFields {
		d := all[name]
		if d == nil {
			t.Errorf("%s is no node", name)
			continue
		}
		if name == "Node" {
			continue
		}
		for i := range d.Fields().Len() {
			f := d.Fields().Get(i).Name()
			if sets.read[f] == sets.refused[f] {
				t.Errorf("%s.%s is neither read nor refused, or both", name, f)
			}
		}
		for _, set := range []map[protoreflect.Name]bool{sets.read, sets.refused} {
			for f := range set {
				if d.Fields().ByName(f) == nil {
					t.Errorf("%s has no field %s", name, f)
				}
			}
		}
	}
	for name := range refusedNodes {
		if all[protoreflect.Name(name)] == nil {
			t.Errorf("%s is no node", name)
		}
		if _, both := nodeFields[protoreflect.Name(name)]; both {
			t.Errorf("%s is taken and refused", name)
		}
	}
}

// A node that the binder does not know is refused, whatever it is.
func TestUnknownNodesAreRefused(t *testing.T) {
	env := testEnv()
	for _, sql := range []string{
		"SELECT json_arrayagg(a) FROM t", "SELECT xmlparse(document 'x')",
		"SELECT a FROM t WHERE CURRENT OF c", "INSERT INTO t (a) VALUES (1) ON CONFLICT (a COLLATE \"C\") DO NOTHING",
		"SELECT * FROM json_to_record('{}') AS x (a text COLLATE \"C\")",
		"WITH RECURSIVE q AS (SELECT 1 UNION ALL SELECT 2 FROM q) SEARCH DEPTH FIRST BY a SET b SELECT 1",
	} {
		got := bound(env, sql)
		if len(got) < 5 || got[:5] != "0A000" && got[:5] != "42601" {
			t.Errorf("%s: %s", sql, got)
		}
	}
}

// TestNothingRefused: what is not looked at has nothing to be refused.
func TestNothingRefused(t *testing.T) {
	for _, m := range []proto.Message{
		&pg.Node{}, &pg.List{}, &pg.A_Const{}, &pg.Integer{}, &pg.Float{}, &pg.Boolean{}, &pg.String{}, &pg.BitString{}, &pg.ParamRef{}, &pg.A_Expr{},
	} {
		name := m.ProtoReflect().Descriptor().Name()
		if sets, known := nodeFields[name]; !known || len(sets.refused) > 0 || refusedNodes[string(name)] || !nothingRefused(m) {
			t.Errorf("%s: %v, known %t", name, sets.refused, known)
		}
	}
	for name, sets := range nodeFields {
		d := messages()[name]
		typ, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
		if err != nil {
			t.Fatal(err)
		}
		if len(sets.refused) > 0 && nothingRefused(typ.New().Interface()) {
			t.Errorf("%s has fields that are refused", name)
		}
	}
}
