# Flagstone. `make help` lists the targets.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup up reset test check css docs agreement bench

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv and install everything into it

$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Flagstone needs Python 3.11 or newer; %s is %s. Name another: make setup PYTHON=python3.12" % (sys.executable, sys.version.split()[0]))'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python has no venv module. Install it (Debian: apt-get install python3-venv) or name another: make setup PYTHON=python3.12"; exit 1; }
	@echo "Installing into .venv (about a minute the first time) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock --editable '.[dev]'
	@touch $(READY)

up: $(READY) ## Start everything, with a demo organisation on the first start (PORT=8000)
	@FLAGSTONE_PORT=$(PORT) $(BIN)/python -m flagstone.config.runtime up

reset: $(READY) ## Delete the data of the embedded servers and start over
	@$(BIN)/python -m flagstone.config.runtime reset

test: check ## Everything that must hold: checks, then the suite on real servers (CI=true: slow proofs too)
	@$(BIN)/python -m pytest -n 2 $(if $(CI),,-m "not slow")

check: $(READY) css ## Lint, types, floors, system checks, migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@FLAGSTONE_HOME=/nonexistent $(BIN)/python manage.py check --fail-level WARNING
	@FLAGSTONE_HOME=/nonexistent $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

css: $(READY) ## Build the style sheet
	@$(BIN)/python -m flagstone.config.runtime.styles

docs: $(READY) ## Write the reference pages that come from the code
	@$(BIN)/python -m flagstone.config.reference

agreement: $(READY) ## Write docs/reference/agreement.md, from the data of others beside this checkout
	@WRITE_AGREEMENT=1 $(BIN)/python -m pytest -q tests/agreement

bench: $(READY) css ## Measure the speed targets as ratios and write docs/reference/benchmarks.md
	@$(BIN)/python -m benchmarks
