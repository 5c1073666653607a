# Everything a person does with this checkout, one word each: `make help` lists the words.
# Needs GNU make, a POSIX sh and Python 3.11; no git, no sudo, no network but the package index
# that pip is set up for. The folder may be called anything. `make test` also wants PostgreSQL's
# programs (Debian, Ubuntu: apt install postgresql), and says so where it has to do without.
#
#   make demo PYTHON=/path/to/python3.12     with a Python of your choosing
#   make test ARGS="-k windows"              with more words for pytest

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test faults check fix lock clean

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTHON ?=

help:  ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*  *## *\(.*\)/  make \1|\2/p' Makefile \
	  | while IFS='|' read -r word what; do printf '%-14s %s\n' "$$word" "$$what"; done

install: $(VENV)/installed  ## Set up .venv; the command is then .venv/bin/memo

demo: $(VENV)/installed  ## Turn the example call into a memo, and show it
	$(BIN)/memo convert examples/weekly-call.m4a --out demo --title "Weekly engineering call" \
	  --started-at 2026-11-30T10:00 --timezone Europe/Lisbon --attendees "Priya, Tom, Marta, Dan"
	@echo
	$(BIN)/memo show demo/weekly-call.memo.json
	@echo; echo "The files:"; for file in demo/*; do echo "  $$file"; done

test: $(VENV)/tests  ## Run every test, with the real models and PostgreSQL
	$(BIN)/python -m pytest $(ARGS)

faults: $(VENV)/tests  ## Kill, cut, fill and jump for an hour: what memo has to survive
	$(BIN)/python -m pytest -m faults tests/faults $(ARGS)

check: $(VENV)/tests  ## Format, lint, types, import contracts and lock files; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/unit/test_lock_files.py

fix: $(VENV)/tests  ## Format, and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## Remove what make and the tools left here; models and memos elsewhere stay
	rm -rf $(VENV) build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf .import_linter_cache .benchmarks *.egg-info
	find memo tests prompts training -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Lock files ------------------------------------------------------------------------------
# One lock for Linux, macOS and Windows and every Python from 3.11 on. Without index addresses:
# whoever installs chooses the index, the hashes prove the files. `make lock ARGS=--upgrade`
# takes newer versions, plain `make lock` only what pyproject.toml newly asks for.

COMPILE = UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
  --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links --no-config

lock: $(VENV)/made  ## Renew the lock files from pyproject.toml
	$(call pip,'uv>=0.9')
	$(COMPILE) $(ARGS) --output-file requirements.lock
	$(COMPILE) $(ARGS) --constraint requirements.lock --group test \
	  --output-file tests/requirements.lock

# --- The virtual environment -----------------------------------------------------------------
# Stamps: `made` (an empty environment), `installed` (memo and what it needs), `tests` (and what
# tests need). They form a chain, so that `make -j` never runs two pips at once.

PIP = $(BIN)/python -m pip install --no-user --no-input --disable-pip-version-check

# $(call pip,ARGUMENTS): names each file while it comes; the rest is in .venv/pip.log and shown only
# when pip fails. Its exit status would be lost in the pipe, so a failure leaves a mark.
define pip
@rm -f $(VENV)/failed
@{ PYTHONUNBUFFERED=1 $(PIP) $(1) 2>&1 || touch $(VENV)/failed; } | tee $(VENV)/pip.log \
  | sed -n -e 's/^ *Downloading /  /p' -e 's/^ *Using cached /  /p' -e '/Retrying/p' \
           -e 's/^Installing collected packages:.*,.*/  unpacking/p'
@[ ! -e $(VENV)/failed ] || { tail -n 25 $(VENV)/pip.log >&2; exit 1; }
endef

$(VENV)/tests: $(VENV)/installed tests/requirements.lock
	@echo "Installing what the tests need:"
	$(call pip,--require-hashes -r tests/requirements.lock)
	@touch $@

$(VENV)/installed: $(VENV)/made requirements.lock pyproject.toml
	@echo "Installing what memo needs (about 190 MB, once):"
	$(call pip,--require-hashes -r requirements.lock)
	$(call pip,--no-deps --editable .)
	@touch $@

# The oldest Python that will do is 3.11; Debian and its kin keep `venv` in a package of its own.
ENOUGH = import sys; sys.exit(sys.version_info < (3, 11))

$(VENV)/made:
	@for python in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
	  "$$python" -c '$(ENOUGH)' 2>/dev/null || continue; \
	  found="$$python"; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  echo "Making $(VENV) with $$("$$python" --version)"; \
	  rm -rf $(VENV); \
	  "$$python" -m venv $(VENV) || exit 1; \
	  pwd -P > $@; \
	  exit 0; \
	done; \
	if [ -n "$${found:-}" ]; then \
	  echo "make: $$("$$found" --version) cannot make virtual environments:" \
	    "install venv (Debian, Ubuntu: apt install python3-venv), then run make again" >&2; \
	else \
	  echo "make: $(if $(PYTHON),$(PYTHON) is no Python,found no Python) 3.11 or newer:" \
	    "install one, or name it: make $(or $(MAKECMDGOALS),demo) PYTHON=/path/to/python3" >&2; \
	fi; exit 1

# A checkout that was moved, a Python that is gone or another PYTHON= need a new environment.
VERSION = -c 'import sys; print(sys.version)'
define usable
[ "$$(cat $(VENV)/made 2>/dev/null)" = "$$(pwd -P)" ] \
  && now=$$($(BIN)/python $(VERSION) 2>/dev/null) \
  && { [ -z "$(PYTHON)" ] || [ "$$now" = "$$("$(PYTHON)" $(VERSION) 2>/dev/null)" ]; } \
  && echo yes
endef

ifneq ($(shell $(usable)),yes)
.PHONY: $(VENV)/made
endif
