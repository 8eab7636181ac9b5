# demo   a signature with every kind of key, from nothing, verified by openssl
# test   everything that CI runs: format, lint, types, layers, generated code, all tests
# lint   the checks of `test` without the tests
# proto  generate the code of the API anew
# test-tokens  the contract of all drivers and the doctor, with every maker's module: NSS, a TPM in software,
#           p11-kit, SoftHSM as vendors. What is missing is unpacked into the cache, or the tests fail.
#           SIGNETD_TOKEN_CONFIG=file.toml runs the contract on a token of your own: CONTRIBUTING.md
# chaos     faults at random under load, for minutes: SECONDS_=180 SEED=…
# recovery  how long crash, hang, removal and re-insertion take: TIMES=15
# soak      steady load for long, memory and descriptors watched: MINUTES=30
# overload  ten times as many clients as the token can serve: QUEUE=0.01
# bench     the token, a reference server and signetd by turns, as ratios of one run: QUICK=1 (under
#           2 minutes) WHAT=unary,batch,stream,instant,start ALGORITHMS=SM2,P-256 TRANSPORTS=unix,mtls
#           VERIFICATION=on,off WORKERS=1,2 SECONDS_=2 ROUNDS=5 KEYS=500 REFSERVER=program LOADGEN=program JSON=file
# profile   where the microseconds of one signature go: REQUESTS=2000 SECONDS_=5
# audit-cost   what the audit costs, a daemon with it and one without by turns: PAIRS=5 AGAINST=checkout
# client-cost  what the Python client's ways to sign are worth: single calls, shared streams, sign_many,
#           batches: ROUNDS=5 SECONDS_=2
# policy-cost  what a decision costs with 10 grants and with 10,000
# crowd-cost   what signing costs with a few keys and grants and with 10,000: PAIRS=5
# seal-cost    what lists, status and stamps cost with 10 seals and with 10,000: PAIRS=5
# document-cost   a large document signed as it arrives, and openssl dgst -sm3 on it by turns: PAIRS=5
# crashes   the audit after crashes under load: ROUNDS=50 SEED=… WHAT=sqlite, postgresql, full-disk
#           (as root) or file-size; DOC=docs/audit.md
# fuzz      the parsers of seals and stamps under atheris, RUNS inputs for each: RUNS=1000000 SEED=1
#           Each exits with 1 when it finds something wrong; DOC=docs/reliability.md puts the tables there;
#           those of costs are in docs/performance.md.
# clean  remove what the others made
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PROTO_VENV := .venv-proto
FUZZ_VENV := .venv-fuzz
BIN := $(VENV)/bin
# More than there are cores: many tests wait for a daemon or a token.
PYTEST_WORKERS ?= 4
# Some containers forbid Python to keep what it has compiled. Each of the many processes that are started
# here would compile everything again: a second of processor time for a daemon. Empty is as if not set.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test test-tokens lint proto chaos recovery soak overload crashes fuzz audit-cost client-cost policy-cost crowd-cost seal-cost document-cost bench profile clean setup

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt setup.sh
	./setup.sh "$(PYTHON)" $(VENV) ".[daemon]" dev
	@touch $@

$(PROTO_VENV)/.ready: pyproject.toml setup.sh
	./setup.sh "$(PYTHON)" $(PROTO_VENV) "" proto
	@touch $@

demo: $(VENV)/.ready
	$(BIN)/python demo/demo.py

lint: $(VENV)/.ready $(PROTO_VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PROTO_VENV)/bin/python proto/generate.py --check
	$(PROTO_VENV)/bin/python proto/generate.py --lint

test: lint
	$(BIN)/python -m signetd.softhsm
	$(BIN)/python -m tests.postgres
	$(BIN)/python -m tests.contract.packages $(if $(SIGNETD_TEST_TOKENS),,|| true)
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS)

test-tokens: $(VENV)/.ready
ifdef SIGNETD_TOKEN_CONFIG
	$(BIN)/python -m pytest tests/contract
else
	$(BIN)/python -m signetd.softhsm
	$(BIN)/python -m tests.contract.packages
	SIGNETD_TEST_TOKENS=all $(BIN)/python -m pytest -n $(PYTEST_WORKERS) tests/contract tests/integration/doctor
endif

proto: $(PROTO_VENV)/.ready
	$(PROTO_VENV)/bin/python proto/generate.py

SECONDS_ ?= 180
TIMES ?= 15
MINUTES ?= 30
QUEUE ?= 0.01
ROUNDS ?= 50
PAIRS ?= 5
WHAT ?= sqlite
RUNS ?= 1000000
INTO = $(if $(DOC),--markdown $(DOC))

chaos: $(VENV)/.ready
	$(BIN)/python -m tests.chaos --seconds $(SECONDS_) $(if $(SEED),--seed $(SEED)) $(INTO)

recovery: $(VENV)/.ready
	$(BIN)/python -m tests.chaos.recovery --times $(TIMES) $(INTO)

soak: $(VENV)/.ready
	$(BIN)/python -m tests.chaos.soak --minutes $(MINUTES) $(INTO)

overload: $(VENV)/.ready
	$(BIN)/python -m benchmarks.overload --queue $(QUEUE) $(INTO)

audit-cost: $(VENV)/.ready
	$(BIN)/python -m benchmarks.audit_cost --rounds $(PAIRS) $(if $(AGAINST),--against $(AGAINST)) $(INTO)

# What is not given is chosen by the programs, not by the defaults above.
given = $(if $(filter command environment,$(firstword $(origin $(1)))),$(2) $($(1)))

bench: $(VENV)/.ready
	$(BIN)/python -m benchmarks.bench $(if $(QUICK),--quick) $(call given,WHAT,--what) \
		$(call given,ALGORITHMS,--algorithms) $(call given,TRANSPORTS,--transports) \
		$(call given,VERIFICATION,--verification) \
		$(call given,WORKERS,--workers) $(call given,SECONDS_,--seconds) $(call given,ROUNDS,--rounds) \
		$(call given,KEYS,--keys) $(call given,REFSERVER,--refserver) $(call given,LOADGEN,--loadgen) \
		$(call given,JSON,--json) $(INTO)

profile: $(VENV)/.ready
	$(BIN)/python -m benchmarks.profile $(call given,REQUESTS,--requests) \
		$(call given,SECONDS_,--seconds) $(INTO)

client-cost: $(VENV)/.ready
	$(BIN)/python -m benchmarks.client_cost $(call given,ROUNDS,--rounds) \
		$(call given,SECONDS_,--seconds) $(INTO)

policy-cost: $(VENV)/.ready
	$(BIN)/python -m benchmarks.policy $(INTO)

crowd-cost: $(VENV)/.ready
	$(BIN)/python -m benchmarks.crowd --rounds $(PAIRS) $(INTO)

seal-cost: $(VENV)/.ready
	$(BIN)/python -m benchmarks.seals --rounds $(PAIRS) $(INTO)

document-cost: $(VENV)/.ready
	$(BIN)/python -m benchmarks.documents --rounds $(PAIRS) $(INTO)

crashes: $(VENV)/.ready
	$(BIN)/python -m tests.crashes --what $(WHAT) --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) $(INTO)

$(FUZZ_VENV)/.ready: pyproject.toml constraints.txt setup.sh
	./setup.sh "$(PYTHON)" $(FUZZ_VENV) "." fuzz
	@touch $@

fuzz: $(FUZZ_VENV)/.ready
	$(FUZZ_VENV)/bin/python -m tests.fuzz --runs $(RUNS) --seed $(or $(SEED),1) $(INTO)

clean:
	rm -rf $(VENV) $(PROTO_VENV) $(FUZZ_VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
