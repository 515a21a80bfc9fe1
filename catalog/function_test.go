package catalog

import (
	"testing"

	"github.com/pegmatitedb/pegmatite/internal/types"
)

func TestFunctionsOfOneNameStandBesideEachOther(t *testing.T) {
	s := NewSnapshot(nil)
	c := NewChange(s)
	put := func(oid OID, name string, args ...*types.Type) {
		f := &Function{OID: oid, Database: 5, Schema: PublicOID, Name: name, Result: types.TInt4, Volatility: 'v', Parallel: 'u'}
		for _, a := range args {
			f.Args = append(f.Args, Argument{Mode: 'i', Type: a})
		}
		f.Args = append(f.Args, Argument{Mode: 'o', Type: types.TInt4})
		c.Put(f)
	}
	put(20000, "f", types.TInt4)
	put(20001, "f", types.TText)
	put(20002, "f")
	put(20003, "f2", types.TInt4)
	now := c.Snapshot()
	if list := now.FunctionsNamed(5, PublicOID, "f"); len(list) != 3 {
		t.Error(list)
	}
	if list := now.FunctionsNamed(5, PublicOID, "g"); len(list) != 0 {
		t.Error(list)
	}
	n := 0
	for range now.FunctionsIn(5, PublicOID) {
		n++
	}
	if n != 4 || now.FunctionByOID(20003).Version != 1 || len(now.FunctionByOID(20003).Outputs()) != 1 {
		t.Error(n)
	}
	moved := now.FunctionByOID(20000).Copy()
	moved.Name = "f2"
	c.Put(moved)
	if c.CheckNames() == nil {
		t.Error("two functions of one name and the same arguments")
	}
}
