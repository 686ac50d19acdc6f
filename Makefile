# Two commands do all the set-up: `make demo` plays the bundled game, `make test` runs the whole suite.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(shell command -v uv 2>/dev/null)
INPUTS := pyproject.toml constraints.txt

ifdef UV
create  = $(UV) venv -q --allow-existing $(VENV)
install = $(UV) pip install -q --python $(BIN)/python -c constraints.txt
else
create  = $(PYTHON) -m venv $(VENV)
install = $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
endif

.PHONY: demo test check benchmark keys clean

demo: $(VENV)/.installed  ## play the bundled game in this terminal; needs no Docker
	$(BIN)/coworld-tui demo

test: $(VENV)/.tested  ## run every test; what needs Docker is skipped without an engine
	$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/.tested  ## lint, types, and the rule which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmark: $(VENV)/.tested  ## measure against the named peers; see README, Numbers
	$(BIN)/python -m tests.benchmarks $(ARGS)

keys: $(VENV)/.installed  ## print the key table that the README holds
	$(BIN)/coworld-tui keys

clean:
	rm -rf $(VENV)

$(VENV)/.installed: $(INPUTS)
	$(create)
	$(install) -e .
	@touch $@

$(VENV)/.tested: $(INPUTS)
	$(create)
	$(install) -e '.[test]'
	@touch $@ $(VENV)/.installed
