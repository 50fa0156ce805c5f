PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check clean

demo: .venv/installed  ## draw an unseen clip with two look-alikes and find each by its sentence
	rm -rf demo
	$(BIN)/cstm demo --out demo

test: .venv/installed  ## run all tests
	$(BIN)/python -m pytest

check: .venv/installed  ## style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

clean:
	rm -rf .venv demo

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
