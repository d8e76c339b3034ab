# Every target sets up what it needs in .venv from the hash-locked files in requirements/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp

.DEFAULT_GOAL := help

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %d.%d; try: make PYTHON=python3.12 ..." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(STAMP) ## Install everything into .venv and compile the catalogues
	@$(BIN)/python -m catalogues compile

locales: $(STAMP) ## Extract texts, carry them into all languages, check the translations, compile
	@$(BIN)/python -m catalogues

demo: setup ## Open the client on a demo Europe, signed in
	@$(BIN)/imi-tui demo

test: setup ## Run the tests
	@$(BIN)/python -m pytest

test-faults: setup ## Try in full what make test tries in part: thousands of seeds, kills of real processes (IMI_SIM_SEED repeats one)
	@PYTHONHASHSEED=0 IMI_SIM_SEEDS=$${IMI_SIM_SEEDS:-2000} IMI_SIM_KILLS=$${IMI_SIM_KILLS:-40} $(BIN)/python -m pytest --harder $(if $(IMI_SIM_SEED),tests/sim/test_seeds.py)

check: setup ## Lint, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup ## Measure everything against peers and limits (one part: python -m bench PART)
	@$(BIN)/python -m bench

lock: $(STAMP) ## Resolve the dependencies again into requirements/
	@for extra in tui central postgresql; do $(BIN)/uv pip compile -q pyproject.toml --extra $$extra $(LOCK_OPTIONS) -o requirements/$$extra.txt; done
	@$(BIN)/uv pip compile -q pyproject.toml --extra dev --extra tui --extra central --extra postgresql $(LOCK_OPTIONS) -o requirements/dev.txt

LOCK_OPTIONS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --upgrade

clean: ## Remove what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist

.PHONY: help setup locales demo test test-faults check bench lock clean
