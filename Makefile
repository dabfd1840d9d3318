# femcrust: `make run` shows an example, `make test` checks everything. Both do their own set-up in
# .venv; a Debian or Ubuntu machine with Python >= 3.11, g++ and make is enough.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test verify harden sanitize petsc mutate lint format perf clean

VENV ?= .venv
EXAMPLE ?= strike-slip
PYTEST_ARGS ?=
EXAMPLES ?= 10000
FAULTS ?= 100
PARTS ?= faults readers core
SIZES ?= 1e5 5e5
PERF_ARGS ?=

BIN := $(VENV)/bin
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV

help:  ## this list
	@echo "make run      install into $(VENV), run the example $(EXAMPLE), leave pictures and a report"
	@echo "make test     install what the tests need, lint, run all but the slow ones"
	@echo "make verify   comparisons with known solutions, the slow ones too"
	@echo "make harden   faults of every kind, random input to every reader and to the core; hours,"
	@echo "              or a part: PARTS=faults, readers, core; FAULTS=100, EXAMPLES=100000"
	@echo "make sanitize the unit suite on a core that AddressSanitizer and UBSan watch"
	@echo "make petsc    PETSc as the solver, in an environment that has it"
	@echo "make mutate   plant errors in a copy, one at a time: a test must catch each"
	@echo "make lint     ruff, mypy, import-linter, clang-format"
	@echo "make format   let ruff and clang-format rewrite the sources"
	@echo "make perf     femcrust beside PETSc, FEniCSx and others; SIZES='1e5', PERF_ARGS=--large"
	@echo "make clean    remove builds and caches ($(VENV) and example/ stay)"
	@echo "PYTEST_ARGS='-k okada' narrows test and verify; EXAMPLE=name chooses another example."

run:
	@.ci/setup.sh $(VENV)
	@[ -f example/$(EXAMPLE)/case.yaml ] || $(BIN)/femcrust init $(EXAMPLE) example/$(EXAMPLE)
	@if [ $(EXAMPLE) = strike-slip ] && $(BIN)/python meshes/strike_slip.py example/strike-slip/mesh.msh --size 1; then \
	  $(BIN)/femcrust run example/strike-slip/gmsh.yaml; \
	else \
	  echo "femcrust: the built-in box mesher makes the mesh"; \
	  $(BIN)/femcrust run example/$(EXAMPLE)/case.yaml; \
	fi

test: lint
	@$(BIN)/pytest -m "not slow" $(PYTEST_ARGS)

verify:
	@.ci/setup.sh $(VENV) test
	@$(BIN)/pytest -m verify $(PYTEST_ARGS)
	@seed=$${SEED:-$$(date +%s)}; echo "random input: $(EXAMPLES) examples a test, seed $$seed"; \
	  FEMCRUST_EXAMPLES=$(EXAMPLES) $(BIN)/pytest -q -m "fuzz and not slow" --hypothesis-seed=$$seed tests/unit

harden: EXAMPLES = 100000
harden:
	@.ci/setup.sh $(VENV) dev
	@FEMCRUST_FAULTS=$(FAULTS) FEMCRUST_EXAMPLES=$(EXAMPLES) .ci/harden.sh $(VENV) $(PARTS)

sanitize:
	@.ci/setup.sh $(VENV) dev
	@.ci/sanitize.sh $(VENV) $(PYTEST_ARGS)

petsc:
	@.ci/peers.sh .venv312
	@if .venv312/bin/python -c 'import petsc4py' 2>/dev/null; then \
	  .ci/setup.sh .venv312 test && .venv312/bin/pytest -m petsc $(PYTEST_ARGS) tests/unit/test_petsc.py tests/unit/test_mpirun.py; \
	fi

mutate:
	@.ci/setup.sh $(VENV) dev
	@$(BIN)/python tests/mutate.py

lint:
	@.ci/setup.sh $(VENV) dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict -p femcrust
	$(BIN)/lint-imports --no-cache
	find csrc perf tests -name '*.[ch]pp' -o -name '*.cu' -o -name '*.cuh' | xargs -r $(BIN)/clang-format --dry-run -Werror

format:
	@.ci/setup.sh $(VENV) dev
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format
	find csrc perf tests -name '*.[ch]pp' -o -name '*.cu' -o -name '*.cuh' | xargs -r $(BIN)/clang-format -i

perf:
	@.ci/setup.sh $(VENV) perf
	@.ci/peers.sh .venv312
	@$(BIN)/python perf/yardstick.py --sizes $(SIZES) $(PERF_ARGS)

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find femcrust tests meshes perf -name __pycache__ -type d -prune -exec rm -rf {} +
