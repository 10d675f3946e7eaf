# What people type. Everything happens in the `sluice` command or a tool from the lock file;
# `make help` lists the targets.

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status logs test test-unit test-integration test-resilience \
        test-docker check fmt lock schemas bench resilience evaluate cards clean

BIN := .venv/bin
# The tiers of `make test`, fast first; the first line of a failure is then the cheapest one.
TESTS ?= tests/unit tests/contract tests/architecture tests/service tests/integration tests/e2e \
         tests/resilience/test_smoke.py
ARGS ?=

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## .venv with the sluice command, from hash-locked requirements
	@infra/local/setup.sh

demo: setup ## The whole system on this machine: examples become actions, with traces
	@$(BIN)/sluice demo $(ARGS)

up: setup ## Start everything in the background, return when it is ready
	@$(BIN)/sluice up --detach $(ARGS)

down: setup ## Stop what `make up` started
	@$(BIN)/sluice down

status: setup ## Addresses, processes, health
	@$(BIN)/sluice status $(ARGS)

logs: setup ## Logs of all parts; ARGS="-f decider" follows one
	@$(BIN)/sluice logs $(ARGS)

test: setup ## The proof: unit, contract, architecture, service, integration, end to end, kills
	@$(BIN)/python -m pytest $(wildcard $(TESTS)) $(ARGS)

test-unit: setup ## Only what needs no process and no socket
	@$(BIN)/python -m pytest $(wildcard tests/unit tests/contract tests/architecture) $(ARGS)

test-integration: setup ## Only what needs the real broker and model server
	@$(BIN)/python -m pytest $(wildcard tests/integration tests/e2e) $(ARGS)

test-resilience: setup ## Kill and pause real processes (long)
	@$(BIN)/python -m pytest tests/resilience $(ARGS)

test-docker: setup ## Integration tests through testcontainers, and the compose file
	@infra/docker/test.sh $(ARGS)

check: setup ## Everything that needs no run: format, lint, types, imports, contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.snapshots --check
	$(BIN)/python -m schemas.compatibility
	$(BIN)/python -m topics.asyncapi --check
	$(BIN)/python -m services.decider.policies.catalogue --check

fmt: setup ## Format, and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

schemas: setup ## Write the generated contracts and pages again
	$(BIN)/python -m schemas.snapshots
	$(BIN)/python -m topics.asyncapi
	$(BIN)/python -m services.decider.policies.catalogue

lock: setup ## Resolve the dependencies anew; UPGRADE=1 takes the newest
	UV_SYSTEM_CERTS=1 $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url $(if $(UPGRADE),--upgrade) \
	  --group dev pyproject.toml --output-file requirements.lock

bench: setup ## Measure the running stack
	@$(BIN)/sluice bench $(ARGS)

resilience: setup ## Kill things at random and compare with an oracle run
	@$(BIN)/sluice resilience $(ARGS)

evaluate: setup ## Accuracy on public labelled sets (SLUICE_DATA), through Triton; some 20 minutes
	@$(BIN)/python -m infra.evaluation.suite $(ARGS)

cards: setup ## Write the model cards of the shipped packs again (docs/cards)
	@$(BIN)/python -m infra.evaluation.cards

clean: ## Remove what tools left in the checkout (not the caches outside it)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
