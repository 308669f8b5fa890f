# qingdan: `make` shows what there is. Every target sets itself up in .venv from the package registry.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SMOKE ?= bench-smoke
PARTS = app bench models scenarios solver

help:
	@echo "make demo | test | test-all | lint | bench | bench-smoke | targets | wheel | clean"
	@echo "make targets [ROWS=\"plan-50 …\"]: the targets of the solver, measured; all of them take hours"

$(VENV)/.core: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@$(BIN)/python -m qingdan.solver.warm_up
	@touch $@

.dev/qingdan: 
	@mkdir -p .dev/qingdan && cd .dev/qingdan && ln -sfn $(PARTS:%=../../%) ../../qingdan/__init__.py ../../qingdan/__main__.py ../../qingdan/py.typed .

demo: $(VENV)/.core ; @$(BIN)/qingdan demo --out demo-run

test: $(VENV)/.dev ; @$(BIN)/python -m pytest -n 2 -m "not long" -rs

test-all: $(VENV)/.dev ; @$(BIN)/python -m pytest -n 2 -rs

lint: $(VENV)/.dev .dev/qingdan
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy -p qingdan && $(BIN)/mypy tests

bench: $(VENV)/.dev ; @$(BIN)/python -m pytest bench -p no:xdist --benchmark-only

bench-smoke: $(VENV)/.dev
	@rm -rf $(SMOKE)
	@$(BIN)/qingdan bench run all --smallest --time 2 --threads 1 -o $(SMOKE)
	@$(BIN)/qingdan bench report $(SMOKE)

targets: $(VENV)/.dev ; @$(BIN)/python -m qingdan.bench.targets $(ROWS) $(TARGET_OPTIONS)

wheel: $(VENV)/.dev ; @$(BIN)/python -m pip wheel --quiet --no-deps -w dist .

clean: ; rm -rf $(VENV) .dev build dist demo-run $(SMOKE) *.egg-info

.PHONY: help demo test test-all lint bench bench-smoke targets wheel clean
