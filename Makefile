# Every target makes its own environment first; `make help` lists them.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The first Python from 3.11 to 3.13; override with `make PYTHON=... demo`.
PYTHON ?= $(shell for one in python3 python3.11 python3.12 python3.13; do \
	$$one -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$one && break; done)

# A process a core; the tests of a file stay together, with what they share.
APART := --numprocesses auto --dist loadscope

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint format bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' \
	| while IFS='|' read -r name text; do printf '  make %-10s %s\n' "$$name" "$$text"; done

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: crossrank needs Python 3.11 to 3.13; none was found. Install one, or run make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) (once; about 1 GB to fetch) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

setup: $(READY) ## make the environment in .venv

demo: setup ## the whole path on a simulated log, in a few minutes
	@$(BIN)/crossrank demo

test: lint ## lint, types, import rules, and the tests (README blocks included)
	@$(BIN)/python -m pytest $(APART)

test-all: lint ## as test, with the longer suites
	@$(BIN)/python -m pytest $(APART) -m "slow or not slow"

lint: setup ## ruff, mypy and import-linter; changes nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup ## rewrite the code as ruff wants it
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## the benchmarks, quickly; see benchmarks/README.md for the rivals
	@$(BIN)/python -m benchmarks.train --quick --families dcn_v2 --parts races growth
	@$(BIN)/python -m benchmarks.features --quick
	@$(BIN)/python -m benchmarks.examples --quick

lock: setup ## pin anew what pyproject.toml allows
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
		--no-annotate --extra train --extra serve --extra dev pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header \
		--no-annotate --extra serve --constraints requirements.lock pyproject.toml -o requirements-serve.lock

clean: ## remove the environment and what demos and tests left
	@rm -rf $(VENV) demo runs bundles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
