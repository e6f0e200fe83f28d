# Two targets do everything, set-up included: `make run` and `make test`. Nothing is installed twice.

PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

unexport PYTHONDONTWRITEBYTECODE  # what hundreds of processes import is compiled once

.PHONY: run test test-all lint example notebooks docs bench clean

run: $(VENV)/.installed
	$(BIN)/forecast run

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term --cov-fail-under=95

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The committed example, and the picture of its first screen that the README shows (chromium takes it, where there is one).
CHROMIUM ?= chromium
example: $(VENV)/.installed
	$(BIN)/forecast run airline --out reports/example --overwrite
	-$(CHROMIUM) --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-background-networking \
		--window-size=1366,768 --screenshot=reports/example.png "file://$(CURDIR)/reports/example/report.html"

# The pages of docs/, of the texts that --help, `forecast errors`, `models` and `config init` print.
docs: $(VENV)/.installed
	$(BIN)/python .ci/docs.py

# The notebooks from their texts: `make notebooks` for all, `make notebooks NAMES=03_learning_rate` for one.
notebooks: $(VENV)/.installed-notebooks
	OMP_NUM_THREADS=1 $(BIN)/python .ci/notebooks.py $(NAMES)

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/spine.py

clean:
	rm -rf $(VENV) build dist

$(VENV)/.installed: pyproject.toml
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $@

$(VENV)/.installed-notebooks: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[notebooks]"
	touch $@
