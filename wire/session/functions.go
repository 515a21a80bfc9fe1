package session

import (
	"context"
	"math/rand/v2"
	"net"
	"strings"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/catalog/builtin"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
)

// function answers one of the functions that look beyond their arguments.
// ctx is the request that it is called for, args are never NULL for functions that pg_proc has as strict.
type function func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error)

// functions are these functions by name; the forms of a name differ in their
// arguments alone.
var functions = merge(sessionFunctions, settingFunctions, sequenceFunctions, nameFunctions, visibilityFunctions,
	definitionFunctions, procFunctions, commentFunctions, privilegeFunctions, sizeFunctions, backendFunctions, randomFunctions,
	transactionFunctions, advisoryFunctions, statisticsFunctions, queryFunctions)

func merge(tables ...map[string]function) map[string]function {
	all := map[string]function{}
	for _, t := range tables {
		for name, f := range t {
			all[name] = f
		}
	}
	return all
}

// CallSession implements expr.Session. What a function does not find may be
// there by now (rule 22).
func (s *Session) CallSession(ctx context.Context, name string, args []types.Datum) (v types.Datum, err error) {
	f := functions[name]
	if f == nil {
		return types.Null, pgerr.Unsupported("function %s", name)
	}
	err = s.confirmed(ctx, func() error {
		v, err = f(ctx, s, args)
		return err
	})
	return v, err
}

// constant makes a function that always answers d.
func constant(d types.Datum) function {
	return func(context.Context, *Session, []types.Datum) (types.Datum, error) { return d, nil }
}

// sessionFunctions are manual table 9.66 and its neighbours.
var sessionFunctions = map[string]function{
	"current_user": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return s.nameOfRole(s.currentUser())
	},
	"getpgusername": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return s.nameOfRole(s.currentUser())
	},
	"session_user": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return s.nameOfRole(s.sessionUser())
	},
	"current_database": currentDatabase,
	"current_schema":   currentSchema,
	"current_schemas":  currentSchemas,
	"version": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return types.Text(s.node.Version), nil
	},
	"current_query": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return types.Text(s.activity.text()), nil
	},
	"pg_backend_pid": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return types.Int(int64(s.pid())), nil
	},
	"pg_postmaster_start_time": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return types.Int(types.TimestampFromTime(s.node.Started)), nil
	},
	"pg_conf_load_time": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return types.Int(types.TimestampFromTime(s.node.Started)), nil
	},
	"pg_is_in_recovery": constant(types.False),
	"pg_my_temp_schema": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return types.Int(int64(s.temporarySchema())), nil
	},
	"pg_is_other_temp_schema": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		sc := s.snapshot().SchemaByOID(s.database, catalog.OID(args[0].Int()))
		return types.Bool(sc != nil && sc.Backend != 0 && sc.OID != s.temporarySchema()), nil
	},
	"pg_jit_available": constant(types.False),
	"pg_trigger_depth": constant(types.Int(0)),
	"inet_client_addr": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return hostOf(s.client.Address), nil
	},
	"inet_server_addr": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		return hostOf(s.client.Local), nil
	},
	"inet_client_port": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		addr, ok := s.client.Address.(*net.TCPAddr)
		if !ok {
			return types.Null, nil
		}
		return types.Int(int64(addr.Port)), nil
	},
	"inet_server_port": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		if _, ok := s.client.Address.(*net.TCPAddr); !ok {
			return types.Null, nil
		}
		return types.Int(int64(s.number("port"))), nil
	},
	"row_security_active":     constant(types.False),
	"pg_is_wal_replay_paused": constant(types.False),
}

// hostOf is a TCP address's host, NULL of others.
func hostOf(a net.Addr) types.Datum {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return types.Null
	}
	host := tcp.AddrPort().Addr().Unmap().WithZone("")
	return types.Inet{Addr: host, Bits: host.BitLen()}.Datum()
}

// sessionUser is SET SESSION AUTHORIZATION's role, or the client's.
func (s *Session) sessionUser() *catalog.Role {
	name := s.settings.Get("session_authorization")
	switch r := s.snapshot().Role(name); {
	case r != nil:
		return r
	case name == "" || name == s.login:
		return s.loginRole(s.snapshot())
	}
	return &catalog.Role{Name: name} // dropped meanwhile
}

// nameOfRole is a role's name, which one that was dropped has no more.
func (s *Session) nameOfRole(r *catalog.Role) (types.Datum, error) {
	if s.snapshot().RoleByOID(r.OID) == nil {
		return types.Null, pgerr.New(pgerr.UndefinedObject, "invalid role OID: %d", r.OID)
	}
	return types.Text(r.Name), nil
}

func currentDatabase(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
	return types.Text(s.snapshot().DatabaseByOID(s.database).Name), nil
}

func currentSchema(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
	for _, oid := range s.env.searchPath() {
		return types.Text(s.snapshot().SchemaByOID(s.database, oid).Name), nil
	}
	return types.Null, nil
}

// currentSchemas is current_schemas(implicit).
func currentSchemas(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
	path := s.env.searchPath()
	if args[0].IsTrue() {
		path = s.env.fullPath()
	}
	var names []types.Datum
	for _, oid := range path {
		names = append(names, types.Text(s.snapshot().SchemaByOID(s.database, oid).Name))
	}
	return vector(types.TName, names), nil
}

// vector makes a one-dimensional array.
func vector(elem *types.Type, elems []types.Datum) types.Datum {
	a := &types.Array{Elem: elem, Elems: elems}
	if len(elems) > 0 {
		a.Dims, a.Lower = []int32{int32(len(elems))}, []int32{1}
	}
	return types.ArrayDatum(a)
}

// settingFunctions are manual table 9.84.
var settingFunctions = map[string]function{
	"current_setting": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		v, err := s.showValue(args[0].Text())
		if err != nil {
			if len(args) > 1 && args[1].IsTrue() {
				return types.Null, nil
			}
			return types.Null, err
		}
		return types.Text(v), nil
	},
	"set_config": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		if args[0].IsNull() {
			return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "SET requires parameter name")
		}
		name, local := args[0].Text(), args[2].IsTrue()
		var err error
		if args[1].IsNull() {
			err = s.settings.Reset(name)
		} else {
			err = s.setSetting(name, args[1].Text(), local)
		}
		if err != nil {
			return types.Null, err
		}
		s.settingsChanged()
		v, err := s.showValue(name)
		return types.Text(v), err
	},
	"pg_reload_conf": constant(types.True),
}

// randomFunctions draw numbers: by chance, or after setseed those that PostgreSQL draws.
var randomFunctions = map[string]function{
	"random": func(_ context.Context, s *Session, _ []types.Datum) (types.Datum, error) {
		if s.random != nil {
			return types.Float(s.random.Float64()), nil
		}
		return types.Float(rand.Float64()), nil
	},
	"setseed": func(_ context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		r, err := builtin.NewRandom(args[0].Float())
		if err == nil {
			s.random = r
		}
		return types.Text(""), err
	},
}

// backendFunctions are manual table 9.87: signals to sessions.
var backendFunctions = map[string]function{
	"pg_cancel_backend":    signal(false),
	"pg_terminate_backend": signal(true),
}

// signal interrupts or ends a session, of this node or of another one.
func signal(terminate bool) function {
	return func(ctx context.Context, s *Session, args []types.Datum) (types.Datum, error) {
		process := int32(args[0].Int())
		if s.node.Signal(process, terminate) || s.node.Others.Signal(ctx, process, terminate) {
			return types.True, nil
		}
		s.Notice(pgerr.New(pgerr.Warning, "PID %d is not a PostgreSQL backend process", process).WithSeverity(pgerr.SeverityWarning))
		return types.False, nil
	}
}

// relationArg is a relation argument given as OID or as name.
func (s *Session) relationArg(d types.Datum) (types.OID, error) {
	if d.Kind() == types.KindInt {
		return types.OID(d.Int()), nil
	}
	oid, ok, err := s.findRelationName(d.Text())
	if err == nil && !ok {
		err = pgerr.New(pgerr.UndefinedTable, "relation %q does not exist", strings.TrimSpace(d.Text()))
	}
	return oid, err
}
