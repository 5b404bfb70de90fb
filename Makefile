# Seaway: `make help` lists everything.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export UV_PYTHON_DOWNLOADS := never
T ?=
N ?= 15
SEED ?=

.PHONY: bench-build simulators bench-registry help setup demo install stop test check lint types bench lock clean

help: ## list what can be done
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup: $(VENV)/.ready ## put the command at .venv/bin/seaway

$(VENV)/.ready: requirements.lock requirements-dev.lock pyproject.toml scripts/machine.py
	@$(PYTHON) scripts/machine.py venv $(VENV)
	@touch $@

demo: setup ## install what is missing, start Seaway, deploy examples/nextjs and print its URL
	@$(BIN)/python scripts/machine.py docker
	@$(BIN)/python scripts/demo.py

install: setup ## on a server: Docker if it is missing, the command `seaway`, a service
	@$(BIN)/python scripts/machine.py docker
	@$(BIN)/python scripts/machine.py install $(VENV)

stop: ## stop what `make demo` started
	@$(BIN)/python scripts/demo.py stop

test: setup ## set up everything and run the tests; T=name runs those that match
	@$(BIN)/python scripts/machine.py docker test
	@$(BIN)/python -m pytest $(if $(T),-k "$(T)")

chaos: setup ## kill the control plane N=15 times at random moments of deployments; SEED= to see the same again
	@$(BIN)/python scripts/machine.py docker test
	@$(BIN)/python scripts/chaos.py $(N) $(SEED)

lint:
	@$(BIN)/ruff check src tests scripts && $(BIN)/ruff format --check src tests scripts

types:
	@$(BIN)/mypy

check: setup lint types test ## lint, types, layers, tests

bench: setup ## compare with the same work done by hand; print sizes, memory and start-up
	@$(BIN)/python scripts/machine.py docker
	@$(BIN)/python scripts/bench.py

bench-registry: setup ## the doctor against skopeo over a long line, and what a proof costs
	@$(BIN)/python scripts/bench_registry.py

simulators: setup ## start simulated registries for playing; tests/simulators/README.md
	@PYTHONPATH=tests:. $(BIN)/python -m simulators.play

bench-build: setup ## sizes of images, and a changed line of source against everything copied first
	@$(BIN)/python scripts/machine.py docker
	@$(BIN)/python scripts/bench_build.py

lock: setup ## renew the locks from pyproject.toml
	@$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --group dev pyproject.toml -o requirements-dev.lock

clean: ## remove the environment and caches, not Seaway's state
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis
