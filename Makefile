# Two commands do everything on a machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint bench clean

# The OAK trial's design with virtual patients; open runs/oak-demo/report.html when it is done.
demo: $(STAMP)
	$(BIN)/unmask trial oak --patients 1000 --seed 1 --out runs/oak-demo --force

test: $(STAMP) lint
	$(BIN)/python -m pytest -n auto tests

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# `make bench SBML=file.xml` takes any model instead.
bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[bench]"
	$(BIN)/python benchmarks/engine.py $(if $(SBML),--sbml $(SBML))
ifndef SBML
	$(BIN)/python benchmarks/engine_large.py
	$(BIN)/python benchmarks/javascript.py
	$(BIN)/python benchmarks/trial.py
endif

# A changed pyproject.toml reinstalls; otherwise a second run reuses the environment.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $(STAMP)

clean:
	rm -rf $(VENV) runs .pytest_cache .mypy_cache .ruff_cache
