# Opora. `make help` says what there is; every target sets up what it needs.
SHELL := /bin/sh
PY := .venv/bin/python
export PYTHONPATH := $(CURDIR)
export PYTHON

# Two at once, each with servers of its own; on servers that are given, one after the other.
TWO := $(if $(OPORA_AMQP_URL)$(OPORA_MONGO_URL),,-n 2 --dist loadfile)

.DEFAULT_GOAL := help
.PHONY: help setup demo test fault up down token check bench lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16

setup: ## the virtual environment, from the lock; again when the lock changes
	@sh deploy/setup.sh

demo: setup ## start everything, carry referrals through all services, stop
	@$(PY) -m deploy.demo

test: setup ## all tests
	@$(PY) -m deploy.runner prepare
	@$(PY) -m pytest $(TWO)

fault: setup ## faults on real servers and the simulation's long run: takes some half an hour
	@$(PY) -m deploy.runner prepare
	@$(PY) -m pytest -m "long or not long" tests/simulation tests/fault

up: setup ## start everything and stay, with one log; Ctrl-C or `make down` ends it
	@$(PY) -m deploy.runner up

down: setup ## end what `make up` started
	@$(PY) -m deploy.runner down

token: setup ## print an access token: ROLE=… [ORG=…] [DISTRICT=…]
	@$(PY) -m deploy.runner token --role "$(ROLE)" --org "$(ORG)" --district "$(DISTRICT)"

check: setup ## ruff, strict mypy and the import contracts
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports

bench: setup ## measure against other ways of doing the same: some ten minutes
	@$(PY) -m tests.bench

lock: ## renew both locks from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "uv is needed to renew the locks"; exit 1; }
	uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate pyproject.toml -o deploy/locks/service.txt
	uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate --all-extras pyproject.toml -o deploy/locks/development.txt

clean: ## end what is up; remove the virtual environment, all local data and caches
	@if [ -x $(PY) ]; then $(PY) -m deploy.runner down; fi
	rm -rf .venv .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
