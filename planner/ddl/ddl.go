// Package ddl runs statements that change the catalog: CREATE, ALTER, DROP,
// TRUNCATE, COMMENT and their kin. It works on the transaction's
// catalog.Change; nothing is visible to others, and nothing happens in the
// metadata store, before the transaction commits.
//
//	ddl.go        Env, Execute (this file: the contract); command.go what a statement is called
//	binding.go    expressions, types and queries inside DDL
//	privilege.go  who may change what
//	names.go      names become schemas and objects; names are chosen; words.go SQL's words for what is refused
//	create.go     CREATE TABLE; column.go, constraint.go, attribute.go (DEFERRABLE), foreignkey.go, like.go its parts; createas.go CREATE TABLE AS; temporary.go the schemas of sessions
//	alter.go      ALTER TABLE; alteraction.go which relation has which parts of it; altertype.go ALTER COLUMN … TYPE; altercolumn.go, identity.go other things about columns; alterindex.go about indexes; typed.go tables of a type; rename.go, owner.go for all objects
//	index.go      CREATE INDEX; reindex.go REINDEX; indexcolumn.go what indexes over expressions and parts of a table are computed by
//	rewrite.go    rows move to a new physical table
//	drop.go       DROP of everything, TRUNCATE; dropabsent.go of what nobody can make; depend.go what goes with it, or keeps it
//	type.go       what all user-defined types have in common; typedepend.go what depends on them;
//	              typetext.go labels in texts; enum.go · composite.go · domain.go · range.go
//	function.go CREATE FUNCTION; functionargs.go, functionoptions.go, functionbody.go its parts; functionalter.go, functiondrop.go; aggregate.go CREATE AGGREGATE
//	sequence.go · schema.go · database.go · role.go · matview.go · view.go (viewoption.go its options and defaults) · comment.go · viewname.go names in views' texts, literal.go in literals
//
// Physical tables on shards are made with their first row and swept when no
// descriptor names them, so most of DDL touches descriptors alone. What must
// look at rows (ADD PRIMARY KEY, SET NOT NULL, CREATE INDEX …) does so through
// Rows, as statements of the same transaction.
package ddl

import (
	"context"
	"time"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/pegmatitedb/pegmatite/catalog"
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/pgerr"
	"github.com/pegmatitedb/pegmatite/internal/types"
	"github.com/pegmatitedb/pegmatite/planner/bind"
	"github.com/pegmatitedb/pegmatite/sqlparse"
)

// Allocator hands out numbers that the cluster never uses twice.
type Allocator interface {
	OID(ctx context.Context) (catalog.OID, error)
	Physical(ctx context.Context) (uint64, error)
}

// Rows is how DDL looks at and moves rows, as statements of its transaction.
type Rows interface {
	// Run executes one SQL statement and returns its rows.
	Run(ctx context.Context, sql string) ([][]types.Datum, error)
	// Lock takes the table's lock on every shard of it, against every other statement on it.
	Lock(ctx context.Context, t *catalog.Table) error
	// BuildIndex makes a local index on every shard, from the rows that are there.
	BuildIndex(ctx context.Context, t *catalog.Table, ix *catalog.Index) error
	// SetSequence sets a sequence's value.
	SetSequence(ctx context.Context, s *catalog.Sequence, value int64, called bool) error
	// Sessions counts the sessions in a database.
	Sessions(ctx context.Context, database catalog.OID) int
}

// Env is one DDL statement's surroundings. It belongs to the session's goroutine.
type Env struct {
	Change     *catalog.Change
	Database   catalog.OID
	SearchPath []catalog.OID // explicit schemas only, in order; the first is where objects are made
	// Temporary is the session's schema of temporary objects, 0 while it has none;
	// SetTemporary is told of the one that is made. LastTemporary is the one that it
	// had last, 0 if it never had any. Backend is the session's process id.
	Temporary     func() catalog.OID
	SetTemporary  func(catalog.OID)
	LastTemporary catalog.OID
	Backend       int32
	// CreateTemporary says that pg_temp is first in the search path: objects are made there.
	CreateTemporary bool
	Role            *catalog.Role
	Allocate        Allocator
	Rows            Rows
	// Bind is the binder's environment over the change as it is now.
	Bind   func() *bind.Env
	Notice func(*pgerr.E)
	// Session answers functions in expressions that are evaluated here.
	Session expr.Session
	// TransactionTime and StatementTime are what now() and statement_timestamp() answer.
	TransactionTime, StatementTime time.Time
	// Alone refuses a statement that must be a transaction of its own (25001),
	// named by its command, when others are in its transaction.
	Alone func(command string) error
	// Named are the relations that Execute has looked up by the statement's names,
	// and owners of sequences and indexes: errors are about them as they were.
	Named []catalog.Relation
	// NamedTypes are the types likewise, that it is to change.
	NamedTypes []catalog.OID
	// CheckBodies tells whether CREATE FUNCTION reads bodies (check_function_bodies);
	// Setting reads and checks a SET that is kept.
	CheckBodies func() bool
	Setting     func(n *pg.VariableSetStmt) (string, error)
	// As is of CREATE TABLE AS.
	As *TableAs
	// InUse reports whether queries of this session that have not ended read a table.
	InUse func(table catalog.OID) bool
	// Pending reports whether rows of a table have foreign keys that are yet to be checked.
	Pending func(table catalog.OID) bool
}

// Execute runs one statement and returns its command tag. What is not DDL, or
// not supported, is 0A000.
func Execute(ctx context.Context, env *Env, st *sqlparse.Statement) (string, error) {
	s := &statement{Env: env, text: st}
	return Command(st.Node), s.run(ctx, st.Node)
}

// statement is one Execute.
type statement struct {
	*Env
	text *sqlparse.Statement
	// cascaded describes what goes with what CASCADE drops.
	cascaded []string
	// sources is what views read that were asked for it; see sourcesOf.
	sources map[*catalog.View]map[catalog.OID]map[int16]bool
}

// checkNotInUse refuses a command under queries that read the table (55006): the
// session's own lock does not keep it off (CheckTableNotInUse in tablecmds.c).
func (s *statement) checkNotInUse(t *catalog.Table, command string) error {
	if s.Pending(t.OID) {
		return pgerr.New(pgerr.ObjectInUse, "cannot %s \"%s\" because it has pending trigger events", command, t.Name)
	}
	if !s.InUse(t.OID) {
		return nil
	}
	return pgerr.New(pgerr.ObjectInUse, "cannot %s \"%s\" because it is being used by active queries in this session", command, t.Name)
}

// snapshot is the catalog with the transaction's own changes.
func (s *statement) snapshot() *catalog.Snapshot { return s.Change.Snapshot() }

// run dispatches on the statement's kind.
func (s *statement) run(ctx context.Context, n *pg.Node) error {
	switch n := n.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return s.createTable(ctx, n.CreateStmt)
	case *pg.Node_CreateTableAsStmt:
		return s.createTableAs(ctx, s.As)
	case *pg.Node_AlterTableStmt:
		return s.alterTable(ctx, n.AlterTableStmt)
	case *pg.Node_IndexStmt:
		return s.createIndex(ctx, n.IndexStmt)
	case *pg.Node_RefreshMatViewStmt:
		return s.refresh(ctx, n.RefreshMatViewStmt)
	case *pg.Node_ReindexStmt:
		return s.reindex(ctx, n.ReindexStmt)
	case *pg.Node_DropStmt:
		return s.drop(ctx, n.DropStmt)
	case *pg.Node_TruncateStmt:
		return s.truncate(ctx, n.TruncateStmt)
	case *pg.Node_RenameStmt:
		return s.rename(ctx, n.RenameStmt)
	case *pg.Node_AlterObjectSchemaStmt:
		return s.setSchema(n.AlterObjectSchemaStmt)
	case *pg.Node_AlterOwnerStmt:
		return s.alterOwner(n.AlterOwnerStmt)
	case *pg.Node_CommentStmt:
		return s.comment(n.CommentStmt)
	case *pg.Node_CreateFunctionStmt:
		return s.createFunction(ctx, n.CreateFunctionStmt)
	case *pg.Node_DefineStmt:
		if n.DefineStmt.Kind == pg.ObjectType_OBJECT_AGGREGATE {
			return s.createAggregate(ctx, n.DefineStmt)
		}
	case *pg.Node_AlterFunctionStmt:
		return s.alterFunction(n.AlterFunctionStmt)
	case *pg.Node_CreateSchemaStmt:
		return s.createSchema(ctx, n.CreateSchemaStmt)
	case *pg.Node_CreateSeqStmt:
		return s.createSequence(ctx, n.CreateSeqStmt)
	case *pg.Node_AlterSeqStmt:
		return s.alterSequence(ctx, n.AlterSeqStmt)
	case *pg.Node_ViewStmt:
		return s.createView(ctx, n.ViewStmt)
	case *pg.Node_CreateEnumStmt:
		return s.createEnum(ctx, n.CreateEnumStmt)
	case *pg.Node_CompositeTypeStmt:
		return s.createComposite(ctx, n.CompositeTypeStmt)
	case *pg.Node_CreateRangeStmt:
		return s.createRange(ctx, n.CreateRangeStmt)
	case *pg.Node_CreateDomainStmt:
		return s.createDomain(ctx, n.CreateDomainStmt)
	case *pg.Node_AlterDomainStmt:
		return s.alterDomain(ctx, n.AlterDomainStmt)
	case *pg.Node_AlterEnumStmt:
		return s.alterEnum(ctx, n.AlterEnumStmt)
	}
	return s.runGlobal(ctx, n)
}

// runGlobal dispatches what belongs to no one database.
func (s *statement) runGlobal(ctx context.Context, n *pg.Node) error {
	switch n := n.GetNode().(type) {
	case *pg.Node_CreatedbStmt:
		return s.createDatabase(ctx, n.CreatedbStmt)
	case *pg.Node_DropdbStmt:
		return s.dropDatabase(ctx, n.DropdbStmt)
	case *pg.Node_AlterDatabaseStmt:
		return s.alterDatabase(n.AlterDatabaseStmt)
	case *pg.Node_AlterDatabaseSetStmt:
		return s.alterDatabaseSet(n.AlterDatabaseSetStmt)
	case *pg.Node_CreateRoleStmt:
		return s.createRole(ctx, n.CreateRoleStmt)
	case *pg.Node_AlterRoleStmt:
		return s.alterRole(n.AlterRoleStmt)
	case *pg.Node_AlterRoleSetStmt:
		return s.alterRoleSet(n.AlterRoleSetStmt)
	case *pg.Node_DropRoleStmt:
		return s.dropRole(n.DropRoleStmt)
	case *pg.Node_GrantRoleStmt:
		return s.grantRole(n.GrantRoleStmt)
	}
	return pgerr.Unsupported("%s", Command(n))
}
