# The commands of the project. `make help` lists them, from the comment behind each name.
# A Python of your own: make run PYTHON=/path/to/python3.11. More words for pytest: make test ARGS="-k votes".

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
VENV := .venv/bin
UV := .tools/venv/bin/uv
COMPILE = $(UV) pip compile -q --python-version 3.11 --generate-hashes --no-annotate --no-header
# Not Debian's own "noise": a person reads what these print.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

.PHONY: help run test check quick format bench lock clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run:  ## Start the site with its demo (PORT, FORUM_DATABASE_URL)
	@$(PYTHON) scripts/prepare.py site
	@exec $(VENV)/python scripts/start.py

test:  ## Set up what the tests need, then run them all (ARGS)
	@$(PYTHON) scripts/prepare.py tests
	@$(VENV)/python -m pytest -n 2 $(ARGS)

check: quick test  ## Everything a change must pass: quick, then test

quick:  ## Style, types and the rules of who imports whom; no tests
	@$(PYTHON) scripts/prepare.py tests
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports
	@$(VENV)/python scripts/lengths.py

format:  ## Lay out the code and mend what ruff can mend
	@$(PYTHON) scripts/prepare.py tests
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

bench:  ## Measure the goals for speed and memory (ARGS)
	@$(PYTHON) scripts/prepare.py bench
	@$(VENV)/python -m bench $(ARGS)

lock:  ## Resolve all requirements anew into the lock files
	@$(PYTHON) scripts/prepare.py tests
	@$(COMPILE) --upgrade pyproject.toml -o requirements.txt
	@$(COMPILE) --upgrade --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	@$(COMPILE) --upgrade --group pyproject.toml:uv -o scripts/locks/uv.txt
	@$(COMPILE) --upgrade --group pyproject.toml:node -o scripts/locks/node.txt
	@echo "Locked. Now run: make check"

clean:  ## Remove what set-up and tests made; the data folder stays
	@rm -rf .venv .tools node_modules static/vendor .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis screenshots
	@find forum migrations scripts templates tests -name __pycache__ -type d -prune -exec rm -rf {} +
