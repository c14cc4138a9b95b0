# Every command of this project; CI runs `make check`, nothing else.

PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
CLIENTS := var/clients/node.stamp var/clients/venv.stamp

export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PIP_ROOT_USER_ACTION = ignore

.PHONY: help run test browser neighbors test-quick lint check attack relevance lighthouse format lock bench bench-quick bench-million

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s%s\n", $$1, $$2 }' Makefile

run: .venv/run.stamp ## Start the service on a seeded SQLite file under var/ (PORT=8000)
	@$(BIN)/model-districts serve

test: .venv/dev.stamp $(CLIENTS) browser neighbors ## Run every test, on SQLite and on a real PostgreSQL (ARGS=tests/test_search.py for a part)
	@echo "Every test runs, on SQLite and on PostgreSQL: thirteen to twenty minutes on two cores. 'make test-quick' takes a minute and a half."
	@$(BIN)/pytest $(ARGS)

browser: .venv/dev.stamp
	@$(BIN)/python tests/browser.py

# What some tests run beside the service: real servers, Java for the HTML checker, and tools of
# researchers (R takes 40 seconds).
# A test says so where one is missing.
neighbors:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		for pair in redis-server:redis-server nginx:nginx caddy:caddy jq:jq Rscript:r-base-core java:default-jre-headless; do \
			command -v $${pair%:*} > /dev/null || { echo "Installing $${pair#*:} for the tests ..."; \
				apt-get install -y -qq --no-install-recommends $${pair#*:} > /dev/null || true; }; \
		done; \
	fi

# A service waits while it stops: a third process uses that time.
test-quick: .venv/dev.stamp ## Run what is not slow, on SQLite only: a minute and a half on two quiet cores
	@$(BIN)/pytest -m "not slow" --engine sqlite -n 3 $(ARGS)

lint: .venv/dev.stamp ## Check format, style, types, imports and the Dockerfile; no tests
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/hadolint Dockerfile

check: lint test ## Lint, then run every test: all that CI asks

attack: .venv/dev.stamp ## Attack the service on both databases, 500 and 100 kills too: a table of promises (an hour; ARGS=--write: into docs)
	@PYTHONPATH=$(CURDIR):$(CURDIR)/tests $(BIN)/python -m attacks.run $(ARGS)

relevance: .venv/dev.stamp ## Measure how good search is on 144 judged questions (ARGS=-v: each question)
	@PYTHONPATH=. $(BIN)/python tests/relevance/measure.py $(ARGS)

lighthouse: .venv/dev.stamp var/lighthouse/node.stamp browser ## Measure pages with Lighthouse, and the bytes of a first visit (ARGS=3: three runs)
	@PYTHONPATH=.:tests $(BIN)/python tests/lighthouse/measure.py $(ARGS)

format: .venv/dev.stamp ## Put the code into its one format
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

lock: .venv/dev.stamp ## Pin what pyproject.toml asks for, with hashes (ARGS=--upgrade for newer versions)
	@$(LOCK) $(ARGS) pyproject.toml --group install --output-file requirements.txt
	@$(LOCK) $(ARGS) pyproject.toml --group dev --output-file requirements-dev.txt
	@$(LOCK) $(ARGS) tests/clients/requirements.in --output-file tests/clients/requirements.txt

bench: .venv/run.stamp var/bench/venv.stamp ## Measure speed beside the limit and Datasette at 1,000 and 100,000 entries
	@$(BIN)/python -m bench.run

bench-quick: .venv/run.stamp var/bench/venv.stamp ## The same in under two minutes, smaller and rougher, written to var/bench
	@$(BIN)/python -m bench.run --quick

bench-million: .venv/run.stamp ## Search alone at a million case studies: an hour, 20 GB of disk
	@$(BIN)/python -m bench.run --million

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/run.stamp: requirements.txt pyproject.toml .venv/pyvenv.cfg
	@echo "Installing what the service needs into .venv ..."
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements-dev.txt pyproject.toml .venv/pyvenv.cfg
	@echo "Installing what the service and its tests need into .venv ..."
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements-dev.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

var/clients/venv.stamp: tests/clients/requirements.txt
	@echo "Installing the generator of Python clients into var/clients/venv ..."
	@$(PYTHON) -m venv var/clients/venv
	@var/clients/venv/bin/pip install --quiet --require-hashes --requirement tests/clients/requirements.txt
	@touch $@

# Without npm the tests still run; those of clients and of accessibility say what they could not test, and fail in CI.
var/clients/node.stamp: tests/clients/package.json tests/clients/package-lock.json
	@if command -v npm > /dev/null; then \
		echo "Installing generators of TypeScript clients and checkers of pages into var/clients/node ..." && \
		mkdir -p var/clients/node && \
		cp tests/clients/package.json tests/clients/package-lock.json tests/clients/.npmrc var/clients/node/ && \
		npm ci --prefix var/clients/node --silent --no-audit --no-fund && touch $@; \
	else \
		echo "npm is missing: TypeScript clients and accessibility are NOT tested. Install Node.js 20.19 or newer."; \
	fi

var/lighthouse/node.stamp: tests/lighthouse/package.json tests/lighthouse/package-lock.json
	@echo "Installing Lighthouse into var/lighthouse ..."
	@mkdir -p var/lighthouse
	@cp tests/lighthouse/package.json tests/lighthouse/package-lock.json tests/lighthouse/.npmrc var/lighthouse/
	@npm ci --prefix var/lighthouse --silent --no-audit --no-fund
	@touch $@

var/bench/venv.stamp: bench/requirements.txt
	@echo "Installing Datasette, to measure beside, into var/bench/venv ..."
	@$(PYTHON) -m venv var/bench/venv
	@var/bench/venv/bin/pip install --quiet --require-hashes --requirement bench/requirements.txt
	@touch $@
