package lock

// Mode is how strongly something is locked. Rows and unique values take the
// first four (manual 13.3.2), tables the other eight (13.3.1).
type Mode uint8

// The modes, each family weakest first.
const (
	KeyShare Mode = iota + 1
	Share
	NoKeyUpdate
	Update

	TableAccessShare
	TableRowShare
	TableRowExclusive
	TableShareUpdateExclusive
	TableShare
	TableShareRowExclusive
	TableExclusive
	TableAccessExclusive

	modes
)

// modeNames are PostgreSQL's: of row modes as SQL writes them, of table modes
// as its messages do (lmgr/lock.c).
var modeNames = [modes]string{
	KeyShare: "key share", Share: "share", NoKeyUpdate: "no key update", Update: "update",

	TableAccessShare:          "AccessShareLock",
	TableRowShare:             "RowShareLock",
	TableRowExclusive:         "RowExclusiveLock",
	TableShareUpdateExclusive: "ShareUpdateExclusiveLock",
	TableShare:                "ShareLock",
	TableShareRowExclusive:    "ShareRowExclusiveLock",
	TableExclusive:            "ExclusiveLock",
	TableAccessExclusive:      "AccessExclusiveLock",
}

func (m Mode) String() string {
	if m >= modes {
		return "unknown" // another node may know more
	}
	return modeNames[m]
}

// set is a set of modes, one bit each.
type set uint16

func of(list ...Mode) (s set) {
	for _, m := range list {
		s |= 1 << m
	}
	return s
}

func (s set) has(m Mode) bool { return s&(1<<m) != 0 }

// conflicts are the modes that another transaction must not hold beside a
// mode: tables 13.2 and 13.3 of the manual.
var conflicts = [modes]set{
	KeyShare:    of(Update),
	Share:       of(NoKeyUpdate, Update),
	NoKeyUpdate: of(Share, NoKeyUpdate, Update),
	Update:      of(KeyShare, Share, NoKeyUpdate, Update),

	TableAccessShare:  of(TableAccessExclusive),
	TableRowShare:     of(TableExclusive, TableAccessExclusive),
	TableRowExclusive: of(TableShare, TableShareRowExclusive, TableExclusive, TableAccessExclusive),
	TableShareUpdateExclusive: of(TableShareUpdateExclusive, TableShare, TableShareRowExclusive,
		TableExclusive, TableAccessExclusive),
	TableShare: of(TableRowExclusive, TableShareUpdateExclusive, TableShareRowExclusive,
		TableExclusive, TableAccessExclusive),
	TableShareRowExclusive: of(TableRowExclusive, TableShareUpdateExclusive, TableShare,
		TableShareRowExclusive, TableExclusive, TableAccessExclusive),
	TableExclusive: of(TableRowShare, TableRowExclusive, TableShareUpdateExclusive, TableShare,
		TableShareRowExclusive, TableExclusive, TableAccessExclusive),
	TableAccessExclusive: of(TableAccessShare, TableRowShare, TableRowExclusive, TableShareUpdateExclusive,
		TableShare, TableShareRowExclusive, TableExclusive, TableAccessExclusive),
}

// Conflict reports whether two transactions cannot hold a and b on the same
// thing at once.
func Conflict(a, b Mode) bool { return conflicts[a].has(b) }

// covers reports whether holding held makes asking for m superfluous:
// everything that m keeps out, held keeps out.
func covers(held, m Mode) bool { return conflicts[m]&^conflicts[held] == 0 }
