# The two commands: `make report` builds the brief, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: report test soak bench lab clean notebooks dictionary lock format check-types

report: $(STAMP)
	$(BIN)/brief run

test: $(STAMP)
	$(BIN)/ruff check src tests benchmarks notebooks
	$(BIN)/ruff format --check src tests benchmarks notebooks
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not soak"

soak: $(STAMP)
	$(BIN)/pytest -q -n 2 --dist worksteal -m soak

bench: $(STAMP)
	$(BIN)/python -m benchmarks

lab: $(STAMP)
	$(BIN)/jupyter lab notebooks/explore.ipynb

# The parameters cell of each notebook is written from src/helpers/parameters.py and from what its analysis reads.
notebooks: $(STAMP)
	$(BIN)/python tools/parameter_cells.py notebooks

# The data dictionary in data/README.md is written from the schemas.
dictionary: $(STAMP)
	$(BIN)/python -m helpers.cleaning.publish

format: $(STAMP)
	$(BIN)/ruff format src tests benchmarks notebooks
	$(BIN)/ruff check --fix src tests benchmarks notebooks

# For maintainers: pin anew what pyproject.toml asks for (needs uv and the network).
lock:
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	  --python-version 3.11 --extra dev --extra cluster --output-file requirements.lock pyproject.toml

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "Python 3.11 to 3.13 is needed, this is " + sys.version.split()[0])'
	@echo "installing $$(grep -c '==' requirements.lock) packages into $(VENV), each checked by its hash: a few minutes, once"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check --require-hashes --progress-bar off -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf $(VENV) runs build .pytest_cache .mypy_cache .ruff_cache .hypothesis
