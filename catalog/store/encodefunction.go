package store

import (
	"github.com/pegmatitedb/pegmatite/catalog"
)

type functionRecord struct {
	OID             catalog.OID           `json:"oid"`
	Database        catalog.OID           `json:"db"`
	Schema          catalog.OID           `json:"schema"`
	Name            string                `json:"name"`
	Owner           catalog.OID           `json:"owner"`
	Version         uint64                `json:"version"`
	Comment         string                `json:"comment,omitempty"`
	Procedure       bool                  `json:"procedure,omitempty"`
	Language        string                `json:"language"`
	Args            []argumentRecord      `json:"args,omitempty"`
	Result          catalog.OID           `json:"result"`
	ReturnsSet      bool                  `json:"set,omitempty"`
	Volatility      string                `json:"volatility"`
	Strict          bool                  `json:"strict,omitempty"`
	LeakProof       bool                  `json:"leakproof,omitempty"`
	SecurityDefiner bool                  `json:"securitydefiner,omitempty"`
	Parallel        string                `json:"parallel"`
	Cost            float64               `json:"cost"`
	Rows            float64               `json:"rows,omitempty"`
	Config          []string              `json:"config,omitempty"`
	Body            string                `json:"body,omitempty"`
	SQLBody         string                `json:"sqlbody,omitempty"`
	Atomic          bool                  `json:"atomic,omitempty"`
	Sees            map[catalog.OID]int16 `json:"sees,omitempty"`
	Aggregate       *aggregateRecord      `json:"aggregate,omitempty"`
}

type aggregateRecord struct {
	Transition catalog.OID `json:"transition"`
	Final      catalog.OID `json:"final,omitempty"`
	State      catalog.OID `json:"state"`
	Init       *string     `json:"init,omitempty"`
}

type argumentRecord struct {
	Name    string      `json:"name,omitempty"`
	Mode    string      `json:"mode"`
	Type    catalog.OID `json:"type"`
	Default string      `json:"default,omitempty"`
}

func encodeFunction(f *catalog.Function) *functionRecord {
	r := &functionRecord{
		OID: f.OID, Database: f.Database, Schema: f.Schema, Name: f.Name, Owner: f.Owner, Version: f.Version, Comment: f.Comment,
		Procedure: f.Procedure, Language: f.Language, Result: f.Result.OID, ReturnsSet: f.ReturnsSet,
		Volatility: letter(f.Volatility), Strict: f.Strict, LeakProof: f.LeakProof, SecurityDefiner: f.SecurityDefiner,
		Parallel: letter(f.Parallel), Cost: f.Cost, Rows: f.Rows, Config: f.Config,
		Body: f.Body, SQLBody: f.SQLBody, Atomic: f.Atomic, Sees: f.Sees,
	}
	for _, a := range f.Args {
		r.Args = append(r.Args, argumentRecord{a.Name, letter(a.Mode), a.Type.OID, a.Default})
	}
	if a := f.Aggregate; a != nil {
		r.Aggregate = &aggregateRecord{a.Transition, a.Final, a.State.OID, a.Init}
	}
	return r
}

func (r *functionRecord) decode() (*catalog.Function, error) {
	result, err := typeByOID(r.Result)
	if err != nil {
		return nil, err
	}
	f := &catalog.Function{
		OID: r.OID, Database: r.Database, Schema: r.Schema, Name: r.Name, Owner: r.Owner, Version: r.Version, Comment: r.Comment,
		Procedure: r.Procedure, Language: r.Language, Result: result, ReturnsSet: r.ReturnsSet,
		Volatility: unletter(r.Volatility), Strict: r.Strict, LeakProof: r.LeakProof, SecurityDefiner: r.SecurityDefiner,
		Parallel: unletter(r.Parallel), Cost: r.Cost, Rows: r.Rows, Config: r.Config,
		Body: r.Body, SQLBody: r.SQLBody, Atomic: r.Atomic, Sees: r.Sees,
	}
	for _, a := range r.Args {
		t, err := typeByOID(a.Type)
		if err != nil {
			return nil, err
		}
		f.Args = append(f.Args, catalog.Argument{Name: a.Name, Mode: unletter(a.Mode), Type: t, Default: a.Default})
	}
	if a := r.Aggregate; a != nil {
		state, err := typeByOID(a.State)
		if err != nil {
			return nil, err
		}
		f.Aggregate = &catalog.Aggregate{Transition: a.Transition, Final: a.Final, State: state, Init: a.Init}
	}
	return f, nil
}
