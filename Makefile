# Everything a developer does has a target here; CI calls the same ones.
SHELL := /bin/bash
BIN   := bin/pegmatite
DATA  ?= ./data
LISTEN ?= 127.0.0.1:5432

.PHONY: build run test test-setup vet bench sql-record clean

build: ## compile the server (the first build compiles SQLite and Postgres's grammar: minutes, once)
	go build -o $(BIN) ./cmd/pegmatite

run: build ## build and serve on 127.0.0.1:5432 with data in ./data
	$(BIN) serve --data $(DATA) --listen $(LISTEN)

test-setup: ## install what the tests use (psql, pgbench, PostgreSQL 15, sqlite3) where apt can
	bash test/setup/install.sh

test: test-setup vet ## everything that CI runs
	go test -timeout 20m ./...

vet: ## formatting, and go vet
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these"; exit 1; }
	go vet ./...

sql-record: test-setup ## record the expected outputs of test/sql and test/psql anew from a throwaway PostgreSQL 15
	bash test/setup/with-postgres.sh go test ./test/sql ./test/psql -run TestRecord -count=1

bench: test-setup ## PostgreSQL 15 and Pegmatite in turn; BENCH="-runs 1 -seconds 2" makes it short
	go run ./bench $(BENCH)

clean: ## remove what build makes
	rm -rf bin
