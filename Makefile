# What people type. 'make demo' and 'make test' set up by themselves whatever is missing.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help setup demo serve test lint format pin clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: ## install what is missing for everything below
	@scripts/setup test

demo: ## make sample scans, digitize them in Airflow, show each ward's progress
	@scripts/setup run
	@$(BIN)/python scripts/demo

serve: ## open the dashboard on what the demo made
	@scripts/setup run
	@$(BIN)/sohoa serve

test: ## all tests, against real services
	@scripts/setup test
	@$(BIN)/pytest -n logical --dist loadgroup

lint: ## what CI runs besides the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: ## put the code into the house's form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

pin: ## renew constraints.txt with the newest versions that fit together
	@scripts/pin

clean: ## remove caches; the archive in var/ and what was installed stay
	rm -rf dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
