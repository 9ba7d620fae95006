# Every target sets up what it needs; `make help` lists them. GNU and BSD make, any POSIX shell.
.POSIX:
.PHONY: help setup demo dev test check lint types contracts pins pins-upgrade clean

BIN = .venv/bin
SHARED = -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

help: ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: ## environment, pinned packages, Azurite
	@scripts/bootstrap

demo: setup ## an agent works through the gateway, step by step, against Azurite
	@$(BIN)/chaperone demo --yes

dev: setup ## the same gateway, left running to play with
	@$(BIN)/chaperone dev

# Processes share the tests by files, in the order of the folders, which has the long ones first.
# What measures time or memory runs after them, alone and without the measurement of coverage. Byte
# code is kept whatever the environment says: the tests start hundreds of processes, which would each
# compile everything again.
test: setup ## all tests, with coverage recorded
	@$(BIN)/coverage erase
	@unset PYTHONDONTWRITEBYTECODE; failed=0; \
	$(BIN)/coverage run -m pytest $(SHARED) -m 'not alone' || failed=1; \
	$(BIN)/python -m pytest -m alone $$(grep -rl --include='*.py' mark.alone tests) || failed=1; \
	exit $$failed

check: setup lint types contracts ## lint, types, import contracts, pins
	@$(BIN)/python scripts/pins --check

lint:
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check

types:
	@$(BIN)/mypy

contracts:
	@$(BIN)/lint-imports

pins: setup ## compile the requirements files that are out of step with pyproject.toml
	@$(BIN)/python scripts/pins

pins-upgrade: setup ## move every pin to its newest version
	@$(BIN)/python scripts/pins --upgrade

clean: ## remove everything that set-up and tests made
	@rm -rf .venv .venv-uv .azurite node_modules .chaperone .coverage .coverage.* htmlcov \
		.pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
