# What a newcomer needs: `make demo`, `make test`. Only Python 3.11+ and make must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench lock clean

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/run  ## Set up, then the whole story on this machine: announcements, edition, mails, unsubscribe
	$(BIN)/newsletter demo

test: $(VENV)/dev  ## Set up and run the tests; with SLOW=1, as in CI, those that take long too
	$(BIN)/python tools/system_parts.py
	$(BIN)/pytest -n 2 --dist worksteal $(if $(SLOW)$(CI),,-m "not slow")

check: $(VENV)/dev  ## Format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev  ## Put the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev  ## Measure, as ratios in one run
	$(BIN)/python -m bench

lock: $(VENV)/dev  ## Refresh the locks from pyproject.toml
	$(BIN)/python tools/lock.py

clean:  ## Remove what was set up (never the database)
	rm -rf $(VENV) dist build out

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(VENV)/run

$(VENV)/dev: requirements-dev.lock $(VENV)/run
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $(VENV)/dev
