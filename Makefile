# Everything a person or CI does with mergeui. `make` alone lists it.

PORT ?= 8000
EXAMPLES ?= 5000
BIN := .venv/bin
PYTEST := $(BIN)/pytest -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo setup run test check check-code audit coverage keys fuzz sweep bench bench-pages bench-full bench-history bench-jobs bench-load soak lock messages roles format screenshots
# Two targets at once would set up the same .venv twice.
.NOTPARALLEL:

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Try it: the desk with a stand-in Invent and made-up contacts, on PORT=8000
	@scripts/setup --without-database
	@exec $(BIN)/python -m scripts.demo --port $(PORT)

setup: ## .venv with the pinned packages, database, static files
	@scripts/setup

run: ## Web and worker against the real Invent, as the environment says, on PORT=8000
	@scripts/setup
	@exec $(BIN)/python -m scripts.run --port $(PORT)

test: ## Every test, on SQLite and on PostgreSQL, with a browser
	@scripts/setup --dev
	@$(BIN)/python -m scripts.browser
	$(PYTEST)
	$(PYTEST) --postgres

check: check-code audit ## All that needs no test to run: the code, and known holes in the packages

check-code: ## Formatting, lint, types, imports, migrations, deployment, pins; needs no network
	@scripts/setup --dev
	@$(BIN)/python -m scripts.check

audit: ## Known holes in the pinned packages; fails when the advisories can't be asked
	@scripts/setup --dev
	@$(BIN)/python -m scripts.audit

format: ## Put code and templates into the form that `make check` wants
	@scripts/setup --dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	find templates -name '*.html' | xargs -r $(BIN)/djade --target-version 5.2
	find templates -name '*.html' | xargs -r $(BIN)/djhtml

coverage: ## What the tests of both databases reach: 95% of branches, 100% of merging and audit
	@scripts/setup --dev
	@$(BIN)/python -m scripts.browser
	$(BIN)/coverage erase
	$(PYTEST) --cov --cov-report=
	$(PYTEST) --cov --cov-append --cov-report= --postgres
	$(BIN)/coverage report --fail-under=95
	$(BIN)/coverage report --fail-under=100 --include='mergeui/merging/*,mergeui/audit/*'

screenshots: ## The pages of a fresh demo as pictures, into docs/screenshots
	@scripts/setup --dev
	@$(BIN)/python -m scripts.browser
	@$(BIN)/python -m scripts.screenshots

keys: ## A hundred groups decided in a browser by keys alone (the tests do fewer)
	@scripts/setup --dev
	@$(BIN)/python -m scripts.browser
	DESK_GROUPS=100 $(BIN)/pytest tests/browser/test_keys.py -k row_of_groups

fuzz: ## Send whatever to every address for longer than the tests do: EXAMPLES=5000
	@scripts/setup --dev
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/web/test_fuzz.py

sweep: ## Kill the worker at every commit and socket operation of a merge, on both databases
	@scripts/setup --dev
	@$(BIN)/python -m tests.sweep

bench: ## What the desk is held to, in ratios of one run, with a table of what was held (10 min)
	@scripts/setup --dev
	@$(BIN)/python -m scripts.browser
	@$(BIN)/python -m benchmarks

bench-pages: ## Every page at two sizes side by side, as docs/performance.md has it (5 min)
	@scripts/setup --dev
	@$(BIN)/python -m benchmarks.pages

bench-full: ## A desk that grows to a million contacts, on both databases, with plots (50 GB, hours)
	@scripts/setup --dev --plots
	@$(BIN)/python -m benchmarks.growth
	@$(BIN)/python -m benchmarks.growth --engine postgres

messages: ## The words of the code into locale/, to be translated, and compiled
	@scripts/setup --dev
	@$(BIN)/python -m scripts.messages

roles: ## docs/roles.md from the matrix of roles and addresses
	@scripts/setup --dev
	@DEBUG=on $(BIN)/python manage.py roles > docs/roles.md.new && mv docs/roles.md.new docs/roles.md

bench-jobs: ## Sync, worker and many people at once, on both databases (15 min)
	@scripts/setup --dev
	@$(BIN)/python -m benchmarks.sync
	@$(BIN)/python -m benchmarks.merges
	@$(BIN)/python -m benchmarks.crowd

bench-load: ## Loads that nobody wishes for: 50,000 requests, a slow Invent, an export (5 min)
	@scripts/setup --dev
	@$(BIN)/python -m benchmarks.badload

soak: ## Fifty operators for ten minutes on PostgreSQL, a web process and a worker killed (15 min)
	@scripts/setup --dev
	@$(BIN)/python -m benchmarks.soak

bench-history: ## Verifying and exporting a million entries, on both databases (10 GB, 15 min)
	@scripts/setup --dev
	@$(BIN)/python -m benchmarks.history

lock: ## Make the requirement files anew from pyproject.toml (UPGRADE=1 takes the newest)
	@scripts/setup --dev
	$(BIN)/python -m scripts.lock $(if $(UPGRADE),--upgrade)
