package mysql

import (
	"reflect"
	"testing"

	"github.com/pingcap/tidb/pkg/parser/types"
)

// TestFieldsAreReadOrRefused: each field of each node that is translated is in
// one of the two lists, and no list has a field that there is not.
func TestFieldsAreReadOrRefused(t *testing.T) {
	for node, sets := range nodeFields {
		if node == reflect.TypeFor[types.FieldType]() {
			continue // read through its methods: see columnType and castExpr
		}
		have := map[string]bool{}
		for i := range node.NumField() {
			f := node.Field(i)
			if !f.IsExported() || f.Anonymous && f.Name == "TexprNode" {
				continue
			}
			have[f.Name] = true
			if sets.read[f.Name] == sets.refused[f.Name] {
				t.Errorf("%s.%s must be in one of the lists", node.Name(), f.Name)
			}
		}
		for _, list := range []map[string]bool{sets.read, sets.refused} {
			for name := range list {
				if !have[name] {
					t.Errorf("%s has no field %s", node.Name(), name)
				}
			}
		}
	}
}

// TestReadFieldsAreKnown: what a read field leads to is a node of the table, or
// an interface, whose values are looked up when they come.
func TestReadFieldsAreKnown(t *testing.T) {
	for node, sets := range nodeFields {
		for name := range sets.read {
			f, _ := node.FieldByName(name)
			target := f.Type
			for target.Kind() == reflect.Pointer || target.Kind() == reflect.Slice {
				target = target.Elem()
			}
			if _, known := nodeFields[target]; target.Kind() == reflect.Struct && !known {
				t.Errorf("%s.%s leads to %s, which no list is of", node.Name(), name, target)
			}
		}
	}
}
