# Everything a developer does has a target here; CI calls the same ones.
SHELL := /bin/bash
BIN   := bin/pegmatite
DATA  ?= ./data
LISTEN ?= 127.0.0.1:5432

.PHONY: fuzz faults soak build run test test-setup vet bench bench-cluster sql-record functions expressions clean

build: ## compile the server (the first build compiles SQLite and Postgres's grammar: minutes, once)
	go build -o $(BIN) ./cmd/pegmatite

run: build ## build and serve on 127.0.0.1:5432 with data in ./data
	$(BIN) serve --data $(DATA) --listen $(LISTEN)

test-setup: ## install what the tests use (psql, pgbench, PostgreSQL 15, sqlite3, HAProxy, etcd) where apt can
	bash test/setup/install.sh

test: test-setup vet ## everything that CI runs
	go test -timeout 20m ./...

# The long forms of test/faults: twenty kills and pgbench for 30 s with 1 log
# and with 3, a cluster of three nodes, thousands of power cuts, 10 million rows: some GB of disk and the
# best part of an hour on two cores. `go test` alone runs the short ones.
faults: ## faults at length: kills, power cuts, full disks, more rows than memory
	go test -count=1 -timeout 3h -v ./test/faults -long

soak: ## faults over and over with fresh seeds, until one fails (it names its seed)
	seed=$$(date +%s); while go test -count=1 -timeout 3h ./test/faults -long -seed $$seed \
	  -run 'TestKill|TestTwoKilled|TestClusterKills|TestPowerCuts|TestFullDisk|TestOldSnapshot'; do seed=$$((seed+10000)); done; echo "seed $$seed failed"; false

FUZZ ?= 60s
fuzz: ## every fuzz target for FUZZ each (60s), and random plays; inputs that fail are kept under testdata, to be committed
	go test -timeout 1h $$(git grep -l 'fixedseed.Check' -- '*_test.go' | xargs -n 1 dirname | sed 's|^|./|') -rapid.seed=0 -rapid.checks=2000
	@set -e; for t in $$(git grep -oE '^func Fuzz[A-Za-z]+' -- '*_test.go' | sed 's|/[^/]*:func |:|'); do \
	  echo "$$t"; go test "./$${t%%:*}" -run '^$$' -fuzz "^$${t##*:}$$" -fuzztime $(FUZZ); done

vet: ## formatting, and go vet
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these"; exit 1; }
	go vet ./...

sql-record: test-setup ## record the expected outputs of test/sql and test/psql anew from a throwaway PostgreSQL 15
	bash test/setup/with-postgres.sh go test ./test/sql ./test/psql -run TestRecord -count=1

functions: test-setup ## compare the tables of functions and operators with PostgreSQL 15's, and write docs/functions.md anew
	bash test/setup/with-postgres.sh go test ./test/functions -count=1 -v -rewrite

FOR ?= 1h
expressions: test-setup ## random typed expressions beside PostgreSQL 15, for FOR (1h); SEED=N chooses others
	go test ./test/expressions -count=1 -v -timeout 12h -for $(FOR) -seed $(or $(SEED),1)

bench: test-setup ## PostgreSQL 15 and Pegmatite in turn; BENCH="-runs 1 -seconds 2" makes it short
	go run ./bench $(BENCH)

bench-cluster: test-setup ## PostgreSQL 15 alone and three nodes of Pegmatite in turn, pgbench through all nodes at once
	go run ./bench -nodes 3 -only select,tpcb,simple-update $(BENCH)

clean: ## remove what build makes
	rm -rf bin
