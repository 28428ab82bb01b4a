# Two commands on a fresh machine (Python 3.11, pip, make): `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

# Four workers and a hundred processes import the same modules: where the environment forbids to keep what was
# compiled, each of them compiles all of it.
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test lint types floors unit clean

demo: $(VENV)/installed
	@$(BIN)/python fixtures/demo/story.py

test: lint types floors unit

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed
	$(BIN)/mypy

floors: $(VENV)/installed
	$(BIN)/lint-imports

unit: $(VENV)/installed
	$(BIN)/pytest -n auto --dist worksteal

$(VENV)/installed: pyproject.toml
	@echo "Installing into $(VENV) (half a minute, and a network once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
