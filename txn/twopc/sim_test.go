package twopc

import (
	"fmt"
	"slices"

	"github.com/pegmatitedb/pegmatite/txn"
)

// cluster is logs, coordinators and the messages between them, for tests to
// deliver, lose, repeat and reorder. A record is durable once its log was
// synced, and answers wait for that.
type cluster struct {
	logs     []*simLog
	commits  map[txn.ID]*simCommit
	flight   []envelope
	clock    txn.Timestamp
	problems []string
	trace    []string // what happened, for people
}

func (c *cluster) say(format string, args ...any) {
	c.trace = append(c.trace, fmt.Sprintf(format, args...))
}

func (e envelope) String() string {
	to := string(rune('A' + e.log))
	from := "coordinator"
	if e.asker >= 0 {
		from = string(rune('A' + e.asker))
	}
	what := fmt.Sprintf("%s T%d", e.kind, e.txn.Seq)
	if e.out.State != txn.Unknown {
		what += " " + outcomeText(e.out)
	}
	if e.reply == nil {
		return fmt.Sprintf("%s → %s: %s", from, to, what)
	}
	return fmt.Sprintf("%s → %s: %s, answer %s", to, from, what, replyText(e.kind, e.reply))
}

func outcomeText(o txn.Outcome) string {
	if o.State == txn.Committed {
		return fmt.Sprintf("committed at %d", o.At)
	}
	return o.State.String()
}

func replyText(k Kind, r *Reply) string {
	switch {
	case r.Err != nil:
		return r.Err.Error()
	case k == SendPrepare:
		return fmt.Sprintf("p = %d", r.At)
	case k == SendResolve:
		return "done"
	}
	return outcomeText(r.Outcome)
}

// envelope is a request (reply nil) or a reply on its way.
type envelope struct {
	txn   txn.ID
	kind  Kind
	out   txn.Outcome
	log   int // who is asked
	asker int // the log that asks; -1 for the coordinator
	reply *Reply
}

// simCommit is a transaction and what its client was told.
type simCommit struct {
	logs    []int
	drawn   txn.Timestamp
	machine *Commit // nil: not begun, or its coordinator died
}

// simLog does around a Ledger what the engine does.
type simLog struct {
	cluster *cluster
	number  int
	id      txn.LogID

	records []simRecord // all, from position base+1 on
	base    Position    // what was cut off
	synced  Position
	settled Position // up to here the files have everything, durably
	files   map[txn.ID]txn.Outcome

	// What a crash takes.
	ledger  *Ledger
	active  map[txn.ID]bool // write sets in memory
	applied map[txn.ID]txn.Outcome
	answers []waiting
	acks    map[txn.ID]map[int]bool
	maxRead txn.Timestamp
}

type simRecord struct {
	kind    Record // None: a one-log commit
	txn     txn.ID
	at      txn.Timestamp
	request *txn.PrepareRequest
	outcome txn.Outcome
	copied  bool // a decision whose images are in the files
}

func recordText(r simRecord) string {
	text := r.kind.String()
	if r.kind == None {
		text = "commit"
	}
	if r.kind == Prepare {
		return fmt.Sprintf("%s at %d", text, r.at)
	}
	return text + " " + outcomeText(r.outcome)
}

// waiting is an answer that waits for a position to be synced.
type waiting struct {
	at Position
	envelope
}

func logID(i int) txn.LogID { return txn.LogID{0: byte('A' + i)} }

func newCluster(logs int) *cluster {
	c := &cluster{commits: map[txn.ID]*simCommit{}, clock: txn.TimestampStep}
	for i := range logs {
		l := &simLog{cluster: c, number: i, id: logID(i), files: map[txn.ID]txn.Outcome{}}
		c.logs = append(c.logs, l)
		l.start()
	}
	return c
}

func (c *cluster) problem(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

func (c *cluster) draw() txn.Timestamp {
	c.clock += txn.TimestampStep
	return c.clock
}

// begin has a transaction write in some logs and its commit begin.
func (c *cluster) begin(id txn.ID, logs ...int) {
	var ids []txn.LogID
	for _, i := range logs {
		c.logs[i].active[id] = true
		ids = append(ids, logID(i))
	}
	s := &simCommit{logs: logs, drawn: c.draw()}
	s.machine = NewCommit(id, s.drawn, ids)
	c.commits[id] = s
	c.pump(id)
}

// pump puts what a coordinator wants sent on its way.
func (c *cluster) pump(id txn.ID) {
	s := c.commits[id]
	for _, m := range s.machine.Ready() {
		if m.Kind == DrawTimestamp {
			s.machine.Step(Reply{Kind: DrawTimestamp, At: c.draw()})
			c.pump(id)
			continue
		}
		c.flight = append(c.flight, envelope{txn: id, kind: m.Kind, out: m.Outcome, log: int(m.To[0] - 'A'), asker: -1})
	}
}

// deliver takes the i-th message out of the air and gives it to whom it is for.
func (c *cluster) deliver(i int) {
	e := c.flight[i]
	c.flight = slices.Delete(slices.Clone(c.flight), i, i+1)
	c.say("%s", e)
	switch {
	case e.reply == nil:
		c.logs[e.log].handle(e)
	case e.asker < 0:
		c.step(e.txn, *e.reply)
	default:
		c.logs[e.asker].told(e)
	}
}

func (c *cluster) step(id txn.ID, r Reply) {
	if s := c.commits[id]; s.machine != nil {
		s.machine.Step(r)
		c.pump(id)
	}
}

// timeout tells a coordinator that an answer does not come.
func (c *cluster) timeout(id txn.ID, log int) {
	s := c.commits[id]
	if s.machine == nil {
		return
	}
	if kind, ok := s.machine.waiting[logID(log)]; ok {
		c.step(id, Reply{Kind: kind, From: logID(log), Err: errLostInTest, Lost: true})
	}
}

var errLostInTest = fmt.Errorf("no answer")

// start is what a log does when its process begins: replay.
func (l *simLog) start() {
	l.records = l.records[:l.synced-l.base]
	l.ledger = NewLedger(l.id)
	l.active, l.acks = map[txn.ID]bool{}, map[txn.ID]map[int]bool{}
	l.applied = map[txn.ID]txn.Outcome{}
	for id, out := range l.files {
		l.applied[id] = out
	}
	l.answers = nil
	images := map[txn.ID]bool{}
	for i, r := range l.records {
		pos := l.base + Position(i) + 1
		switch r.kind {
		case Prepare:
			images[r.txn] = true
		case Decide, Resolve:
			if r.outcome.State == txn.Committed && pos > l.settled && !images[r.txn] && !r.copied {
				l.cluster.problem("%c: the outcome of %s is replayed without its images", 'A'+l.number, r.txn)
			}
		}
		l.note(r, pos)
		l.apply(r)
	}
}

// note tells the ledger of a record.
func (l *simLog) note(r simRecord, pos Position) {
	switch r.kind {
	case Prepare:
		l.ledger.Prepared(r.request, r.at, pos)
	case Decide:
		l.ledger.Decided(r.txn, r.outcome, r.request.Participants, pos)
	case Resolve:
		l.ledger.Resolved(r.txn, r.outcome, pos)
	case Forget:
		l.ledger.Forgotten(r.txn)
	case None:
		l.ledger.ended.put(r.txn, ending{Outcome: r.outcome, at: pos})
	}
}

// apply is what a durable record does to the rows.
func (l *simLog) apply(r simRecord) {
	if r.kind == Prepare || r.kind == Forget {
		return
	}
	if before, ok := l.applied[r.txn]; ok && before != r.outcome {
		l.cluster.problem("%c: %s is %v and then %v", 'A'+l.number, r.txn, before, r.outcome)
	}
	l.applied[r.txn] = r.outcome
	delete(l.active, r.txn)
}

func (l *simLog) append(r simRecord) Position {
	l.cluster.say("  %c logs %s T%d", 'A'+l.number, recordText(r), r.txn.Seq)
	l.records = append(l.records, r)
	pos := l.base + Position(len(l.records))
	l.note(r, pos)
	return pos
}

// sync makes the first n unsynced records durable and sends what waited for them.
func (l *simLog) sync(n int) {
	upto := min(l.synced+Position(n), l.base+Position(len(l.records)))
	for l.synced < upto {
		l.synced++
		l.cluster.say("  %c has synced %s", 'A'+l.number, recordText(l.records[l.synced-l.base-1]))
		l.apply(l.records[l.synced-l.base-1])
	}
	l.release()
}

func (l *simLog) release() {
	l.answers = slices.DeleteFunc(l.answers, func(w waiting) bool {
		if w.at <= l.synced {
			l.cluster.flight = append(l.cluster.flight, w.envelope)
			return true
		}
		return false
	})
}

// answer replies to e when the log is synced up to at.
func (l *simLog) answer(e envelope, r Reply, at Position) {
	r.Kind, r.From = e.kind, l.id
	e.reply = &r
	l.answers = append(l.answers, waiting{at, e})
	l.release()
}

// handle does what a request asks for.
func (l *simLog) handle(e envelope) {
	switch e.kind {
	case SendCommit:
		l.commit(e)
	case SendPrepare:
		l.prepare(e)
	case SendDecide:
		v, err := l.ledger.Decide(&txn.DecideRequest{Txn: e.txn, Outcome: e.out})
		l.obey(e, v, err)
	case SendAsk:
		l.obey(e, l.ledger.Ask(e.txn, l.active[e.txn]), nil)
	case SendResolve:
		v, err := l.ledger.Resolve(&txn.ResolveRequest{Txn: e.txn, Outcome: e.out})
		l.obey(e, v, err)
	}
}

func (l *simLog) commit(e envelope) {
	if end, ok := l.ledger.ended.get(e.txn); ok {
		l.answer(e, Reply{Outcome: end.Outcome}, end.at)
	} else if !l.active[e.txn] {
		l.answer(e, Reply{Err: errRefusedInTest}, 0)
	} else {
		delete(l.active, e.txn) // frozen
		out := txn.Outcome{State: txn.Committed, At: l.cluster.commits[e.txn].drawn}
		l.answer(e, Reply{Outcome: out}, l.append(simRecord{txn: e.txn, outcome: out}))
	}
}

var errRefusedInTest = errAborted(txn.Outcome{State: txn.Aborted})

func (l *simLog) prepare(e envelope) {
	v, err := l.ledger.Prepare(e.txn)
	switch {
	case err != nil:
		l.answer(e, Reply{Err: err}, v.Wait)
	case v.Append == None:
		l.answer(e, Reply{At: v.At}, v.Wait)
	case !l.active[e.txn]:
		l.answer(e, Reply{Err: errRefusedInTest}, 0) // no write set, no prepare
	default:
		s := l.cluster.commits[e.txn]
		r := &txn.PrepareRequest{Txn: e.txn, At: s.drawn, Home: logID(s.logs[0])}
		for _, i := range s.logs {
			r.Participants = append(r.Participants, logID(i))
		}
		delete(l.active, e.txn)
		l.maxRead += txn.Timestamp(l.number) + 1 // so that every log has a p of its own
		at := s.drawn + l.maxRead
		l.answer(e, Reply{At: at}, l.append(simRecord{kind: Prepare, txn: e.txn, at: at, request: r}))
	}
}

// obey carries a verdict out.
func (l *simLog) obey(e envelope, v Verdict, err error) {
	if err != nil {
		l.cluster.problem("%c: %s of %s: %v", 'A'+l.number, e.kind, e.txn, err)
		return
	}
	if v.Rollback {
		delete(l.active, e.txn)
	}
	wait := v.Wait
	switch v.Append {
	case Decide, Resolve:
		d, _ := l.ledger.Get(e.txn)
		wait = l.append(simRecord{kind: v.Append, txn: e.txn, outcome: v.Outcome, request: &txn.PrepareRequest{Participants: d.Participants}})
	case Forget:
		l.append(simRecord{kind: Forget, txn: e.txn, outcome: v.Outcome})
	}
	l.answer(e, Reply{Outcome: v.Outcome}, wait)
}

// resolve does what a resolver does now and then: it asks about what is in
// doubt, and tells participants what is decided.
func (l *simLog) resolve() {
	for _, d := range l.ledger.Doubts() {
		home := int(d.Home[0] - 'A')
		if d.Undecided() {
			l.cluster.flight = append(l.cluster.flight, envelope{txn: d.Txn, kind: SendAsk, log: home, asker: l.number})
			continue
		}
		for _, p := range d.Participants {
			if p != l.id && d.Decided <= l.synced {
				l.cluster.flight = append(l.cluster.flight, envelope{txn: d.Txn, kind: SendResolve, out: d.Outcome, log: int(p[0] - 'A'), asker: l.number})
			}
		}
	}
}

// told takes an answer to what resolve has sent.
func (l *simLog) told(e envelope) {
	d, ok := l.ledger.Get(e.txn)
	if !ok {
		return
	}
	if e.kind == SendAsk {
		out := e.reply.Outcome
		if out.State == txn.Unknown {
			out = txn.Outcome{State: txn.Aborted}
		}
		if out.State != txn.Prepared && e.log != l.number {
			l.handle(envelope{txn: e.txn, kind: SendResolve, out: out, log: l.number, asker: l.number})
		}
		return
	}
	if e.log == l.number || d.Undecided() {
		return
	}
	if l.acks[e.txn] == nil {
		l.acks[e.txn] = map[int]bool{}
	}
	l.acks[e.txn][e.log] = true
	if len(l.acks[e.txn]) == len(d.Participants)-1 {
		l.handle(envelope{txn: e.txn, kind: SendResolve, out: d.Outcome, log: l.number, asker: l.number})
	}
}

// cut settles everything that is synced and cuts the log as far as it may be.
func (l *simLog) cut(upto Position) {
	l.settled = max(l.settled, min(upto-1, l.synced))
	for i, r := range l.records {
		if pos := l.base + Position(i) + 1; pos <= l.settled && r.kind != Prepare && r.kind != Forget {
			l.files[r.txn] = r.outcome
		}
	}
	limit, copies := l.ledger.Cut(l.settled + 1)
	for _, d := range copies {
		r := simRecord{kind: Prepare, txn: d.Txn, at: d.At,
			request: &txn.PrepareRequest{Txn: d.Txn, Home: d.Home, Participants: d.Participants}}
		if !d.Undecided() {
			r.kind, r.outcome, r.copied = Decide, d.Outcome, true
		}
		l.append(r)
	}
	l.sync(len(l.records))
	l.records = l.records[limit-1-l.base:]
	l.base = limit - 1
}

// crash ends the log's process and begins the next one.
func (l *simLog) crash() {
	l.cluster.say("%c crashes and starts with %d records", 'A'+l.number, l.synced)
	// Requests and answers that were on their way in or out are lost or late;
	// those that waited for a sync were never sent.
	l.start()
}

// settle lets everything come to its end: no more losses, and everybody asks.
func (c *cluster) settle() {
	for range 20 {
		for n := 0; len(c.flight) > 0 && n < 10000; n++ {
			c.deliver(0)
			for _, l := range c.logs {
				l.sync(len(l.records))
			}
		}
		for id, s := range c.commits {
			for _, i := range s.logs {
				c.timeout(id, i)
			}
		}
		for _, l := range c.logs {
			l.sync(len(l.records))
			l.resolve()
		}
	}
}

// verify asserts what must hold at the end: one outcome of each transaction,
// the same everywhere, and what its client was told.
func (c *cluster) verify() {
	for id, s := range c.commits {
		home, known := c.logs[s.logs[0]].applied[id]
		if !known {
			home = txn.Outcome{State: txn.Aborted}
		}
		for _, i := range s.logs {
			out, ok := c.logs[i].applied[id]
			if !ok {
				out = txn.Outcome{State: txn.Aborted}
			}
			if out != home {
				c.problem("%s is %v at its home and %v at %c", id, home, out, 'A'+i)
			}
		}
		if s.machine == nil {
			continue
		}
		out, err, ok := s.machine.Answer()
		switch {
		case !ok:
			c.problem("nobody was told what became of %s", id)
		case err == nil && out != home:
			c.problem("the client was told that %s is %v, and it is %v", id, out, home)
		case err != nil && out.State == txn.Aborted && home.State == txn.Committed:
			c.problem("the client was told that %s is aborted, and it is %v", id, home)
		}
	}
	for _, l := range c.logs {
		for _, d := range l.ledger.Doubts() {
			c.problem("%c is still in doubt about %s: %v", 'A'+l.number, d.Txn, d.Outcome)
		}
	}
}
