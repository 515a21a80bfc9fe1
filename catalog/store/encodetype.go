package store

import (
	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// encodeType makes the record of a user-defined type. That a label is fresh
// concerns the transaction that publishes it alone.
func encodeType(t catalog.UserType) opRecord {
	header := typeRecord(*t.Header())
	switch t := t.(type) {
	case *catalog.Enum:
		r := &enumRecord{typeRecord: header, Labels: make([]labelRecord, len(t.Labels))}
		for i, l := range t.Labels {
			r.Labels[i] = labelRecord{l.OID, l.Label, l.Sort}
		}
		return opRecord{Enum: r}
	case *catalog.Composite:
		return opRecord{Composite: &compositeRecord{
			typeRecord: header, Relation: t.Relation, Attributes: encodeColumns(t.Attributes), NextAttnum: t.NextAttnum,
		}}
	case *catalog.Domain:
		r := &domainRecord{
			typeRecord: header, Base: t.Base.OID, Typmod: t.Typmod, NotNull: t.NotNull, Default: t.Default, Collation: t.Collation,
		}
		for _, c := range t.Checks {
			r.Checks = append(r.Checks, checkRecord(c))
		}
		return opRecord{Domain: r}
	case *catalog.Range:
		return opRecord{Range: &rangeRecord{
			typeRecord: header, Subtype: t.Subtype.OID, OpClass: t.OpClass, Collation: t.Collation, Diff: t.Diff, Multirange: typeRecord(t.Multirange),
			Functions: constructorRecord(t.Functions), MultirangeFunctions: constructorRecord(t.MultirangeFunctions), Cast: t.Cast,
		}}
	}
	panic("catalog/store: a type of no known kind")
}

func (r *enumRecord) decode() *catalog.Enum {
	t := &catalog.Enum{TypeHeader: catalog.TypeHeader(r.typeRecord)}
	for _, l := range r.Labels {
		t.Labels = append(t.Labels, catalog.EnumLabel{OID: l.OID, Label: l.Label, Sort: l.Sort})
	}
	return t
}

func (r *compositeRecord) decode() (*catalog.Composite, error) {
	attributes, err := decodeColumns(r.Attributes)
	if err != nil {
		return nil, err
	}
	return &catalog.Composite{
		TypeHeader: catalog.TypeHeader(r.typeRecord), Relation: r.Relation, Attributes: attributes, NextAttnum: r.NextAttnum,
	}, nil
}

func (r *domainRecord) decode() (*catalog.Domain, error) {
	base, err := typeByOID(r.Base)
	if err != nil {
		return nil, err
	}
	t := &catalog.Domain{
		TypeHeader: catalog.TypeHeader(r.typeRecord), Base: base, Typmod: r.Typmod, NotNull: r.NotNull, Default: r.Default, Collation: r.Collation,
	}
	for _, c := range r.Checks {
		t.Checks = append(t.Checks, catalog.Check(c))
	}
	return t, nil
}

func (r *rangeRecord) decode() (*catalog.Range, error) {
	subtype, err := typeByOID(r.Subtype)
	if err != nil {
		return nil, err
	}
	return &catalog.Range{
		TypeHeader: catalog.TypeHeader(r.typeRecord), Subtype: subtype, OpClass: r.OpClass, Collation: r.Collation, Diff: r.Diff, Multirange: catalog.TypeHeader(r.Multirange),
		Functions: catalog.Constructors(r.Functions), MultirangeFunctions: catalog.Constructors(r.MultirangeFunctions), Cast: r.Cast,
	}, nil
}

// typeByOID returns a built-in type, or what stands for a user-defined one until
// the snapshot has it, whose record may come later.
func typeByOID(oid catalog.OID) (*types.Type, error) {
	if t := types.ByOID(oid); t != nil {
		return t, nil
	}
	if oid >= catalog.FirstNormalOID {
		return types.Unresolved(oid), nil
	}
	return nil, errBadRecord("no type has OID %d", oid)
}
