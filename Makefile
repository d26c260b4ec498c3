# The front door. Python 3.11 or newer and make are all it needs; `make` alone lists the commands.
PYTHON ?= python3
PY := .venv/bin/python
ARGS ?=
WORKERS ?= 2
# A file stays with one worker: what its tests share (a served site, a month of readings) is made once.
BY_FILE := --dist loadfile --no-loadscope-reorder
CODE := platform tenants billing portal tests benchmarks deploy manage.py bootstrap.py
export UV_SYSTEM_CERTS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-reset test test-all check lint lock messages screenshots bench-rating bench-billing bench-bill-runs bench-metering bench-detection bench-arrears bench-personal-fields bench-provisioning bench-fleet bench-queues reliability test-isolation

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

setup: ## make the environment in .venv (packages by hash, translations, styles)
	@command -v $(PYTHON) >/dev/null || { echo "gridhall: $(PYTHON) is missing; install Python 3.11 or newer."; exit 1; }
	@$(PYTHON) bootstrap.py

demo: setup ## serve the demo companies at 127.0.0.1:8000 (PORT=8001 make demo); Ctrl-C stops
	@$(PY) -m config.demo_server

demo-reset: setup ## forget the demo's data
	@$(PY) -m config.demo_server --reset

test: setup ## run the tests, without the slow ones (ARGS="tests/unit -k money")
	$(PY) -m pytest -n $(WORKERS) $(BY_FILE) -m "not slow" $(or $(ARGS),tests)

test-all: setup ## run every test
	$(PY) -m pytest -n $(WORKERS) $(BY_FILE) $(or $(ARGS),tests)

test-isolation: setup ## try with twenty companies that none sees anything of another (about ten minutes)
	$(PY) benchmarks/isolation_tried.py $(ARGS)

check: lint test ## what CI runs: style, types, layers, locks, tests

lint: setup ## style, types, layers and locks only
	$(PY) -m ruff check $(wildcard $(CODE))
	$(PY) -m ruff format --check $(wildcard $(CODE))
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache
	@! grep -nE 'https?:' bootstrap.lock requirements.lock || { echo "gridhall: a lock file names an address."; exit 1; }

lock: setup ## resolve the packages anew: requirements.lock and bootstrap.lock
	.venv/bin/uv lock --quiet --python $(PY)
	.venv/bin/uv export --quiet --all-groups --no-header --no-annotate --no-emit-project --format requirements-txt --output-file requirements.lock
	.venv/bin/uv self version --short | sed 's/^/uv==/;s/ .*//' | .venv/bin/uv pip compile --quiet --generate-hashes --no-header --no-annotate --output-file bootstrap.lock -

sbom: setup ## the third-party libraries with versions and hashes, as CycloneDX: build/sbom.json
	$(PY) deploy/sbom.py build/sbom.json

messages: setup ## collect the texts to translate and compile the translations
	$(PY) manage.py messages

screenshots: setup ## make the README's screenshots anew
	$(PY) tests/browser/screenshots.py $(ARGS)

bench-rating: setup ## measure the rating engine
	$(PY) benchmarks/rating.py $(ARGS)

bench-growth: setup ## measure what companies, connections, partitions and readings cost (ARGS="--companies 300")
	$(PY) benchmarks/growth.py $(ARGS)

bench-billing: setup ## measure the whole chain, readings to ledger (ARGS="--accounts 200000 --against 20000")
	$(PY) benchmarks/billing_chain.py $(ARGS)

bench-bill-runs: setup ## measure rating and issuing of whole runs
	$(PY) benchmarks/bill_runs.py $(ARGS)

bench-detection: setup ## measure how bills to correct are found among 200,000 (ARGS="--accounts 200000 --late 2000")
	$(PY) benchmarks/detection.py $(ARGS)

bench-arrears: setup ## measure a day's dunning of 20,000 overdue accounts
	$(PY) benchmarks/arrears.py $(ARGS)

bench-metering: setup ## measure import and reading of interval data
	$(PY) benchmarks/metering.py $(ARGS)

bench-personal-fields: setup ## measure sealing and searching of personal fields (ARGS="--customers 200000")
	$(PY) benchmarks/personal_fields.py $(ARGS)

bench-provisioning: setup ## measure signing a company up, against migrating its tables
	$(PY) benchmarks/provisioning.py $(ARGS)

reliability: setup ## try the laws of reliability at full size (ARGS="--only killed --accounts 1000")
	$(PY) benchmarks/reliability.py $(ARGS)

bench-fleet: setup ## migrate 300 companies, with nothing to do and with one migration (ARGS="--companies 50")
	$(PY) benchmarks/fleet.py $(ARGS)

bench-queues: setup ## let one company flood the queues and another send ten (ARGS="--flood 50000")
	$(PY) benchmarks/queues.py $(ARGS)
