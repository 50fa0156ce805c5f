PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check docs wheel clean

demo: .venv/installed  ## a cyclist in a real street, and two drawn look-alikes told apart
	$(BIN)/cstm demo --out demo --overwrite

test: .venv/installed  ## run all tests
	$(BIN)/python -m pytest

check: .venv/installed  ## style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

docs: .venv/installed  ## the documentation as a site, in site/
	$(BIN)/python -m mkdocs build --strict

wheel:  ## build the package, install it in an environment of its own, and run the demo from there
	rm -rf dist
	$(PYTHON) -m venv dist/venv
	dist/venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	dist/venv/bin/python -m pip install --quiet dist/cstm-*.whl
	cd dist && venv/bin/cstm doctor
	dist/venv/bin/python -m pip install --quiet "$$(ls dist/cstm-*.whl)[web]"
	cd dist && venv/bin/cstm demo --out demo
	cd dist && venv/bin/python -c "import cstm.web.page, cstm; print(cstm.__file__)"

clean:
	rm -rf .venv demo dist site

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@
