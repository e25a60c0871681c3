# Steward. `make` alone lists what there is. Only relative paths: a folder with spaces in its name must work.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PY := .venv/bin/python
MANAGE := $(PY) manage.py
# `make test PG=15` runs the tests on that version of PostgreSQL; `make test ARGS="-k sign_in"` passes words to pytest.
PG ?=
ARGS ?=
export STEWARD_TEST_PG := $(PG)

VENV := .venv/made.stamp
RUNTIME := .venv/runtime.stamp
DEVELOPMENT := .venv/development.stamp

.PHONY: help run test soak lint types check bench docs references demo deps requirements shell clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: $(RUNTIME) ## Start everything: servers, web, worker, beat (Ctrl-C stops it)
	@exec $(MANAGE) steward run

test: deps $(DEVELOPMENT) lint types check ## Everything that must hold: lint, types, contracts, checks, all tests
	@$(PY) -m pytest -m "not soak" -n 2 --dist loadfile $(ARGS)

soak: deps $(DEVELOPMENT) ## Long races and slow faults
	@$(PY) -m pytest -m soak $(ARGS)

lint: $(DEVELOPMENT) ## Style of Python and templates, layers of imports
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m djlint templates --check --quiet
	@$(PY) -m djlint templates --lint --quiet
	@$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

types: $(DEVELOPMENT) ## Types of everything (mypy --strict)
	@$(PY) -m mypy .

check: $(DEVELOPMENT) ## Django's and our own system checks, migrations complete
	@$(MANAGE) check --fail-level WARNING
	@$(PY) -W ignore manage.py makemigrations --check --dry-run

bench: $(DEVELOPMENT) ## Measure; prints medians and ratios
	@$(PY) -m bench

docs: $(DEVELOPMENT) ## Build the documentation into build/docs
	@$(PY) -m docs.build

references: $(DEVELOPMENT) ## Renew the pages of docs/ that are generated from the code
	@for noun in settings errors events permissions jobs metrics schema api; do \
	  $(MANAGE) $$noun reference --write || exit 1; done
	@$(MANAGE) settings example --write
	@$(MANAGE) privacy inventory --write
	@$(PY) -m docs.drawings

demo: $(RUNTIME) ## Load the demonstration data into the running portal
	@$(MANAGE) demo load

shell: $(RUNTIME) ## Python with the project loaded
	@$(MANAGE) shell

deps: ## Install the Debian packages that tests need (as root), or print the command
	@command -v dpkg-query >/dev/null || { \
	  echo "The tests need a Debian system with the packages of deploy/apt.txt." >&2; exit 1; }; \
	missing=; for package in $$(sed 's/#.*//' deploy/apt.txt) $(if $(PG),postgresql-$(PG)); do \
	  [ "$$(dpkg-query -W -f='$${db:Status-Status}' "$$package" 2>/dev/null)" = installed ] || missing="$$missing $$package"; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	$(MAKE) apt PACKAGES="$$missing"

# Installs without starting any service or creating a database cluster: policy-rc.d forbids the first, the
# configuration of postgresql-common the second. Both are left alone where the machine has its own.
.PHONY: apt
apt:
	@if [ "$$(id -u)" != 0 ]; then \
	  echo "Missing Debian packages. Install them with:  sudo apt-get install -y $(strip $(PACKAGES))" >&2; exit 1; \
	fi; \
	set -e; policy=/usr/sbin/policy-rc.d; cluster=/etc/postgresql-common/createcluster.conf; \
	if [ ! -e $$policy ]; then \
	  trap 'rm -f '$$policy EXIT INT TERM; printf '#!/bin/sh\nexit 101\n' > $$policy; chmod 755 $$policy; \
	fi; \
	case "$(PACKAGES)" in *postgresql*) if [ ! -e $$cluster ]; then \
	  mkdir -p /etc/postgresql-common; echo 'create_main_cluster = false' > $$cluster; fi;; esac; \
	apt-get update -qq; \
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	  -o Dpkg::Options::=--force-confold $(PACKAGES)

requirements: $(DEVELOPMENT) ## Compile requirements.txt and requirements-dev.txt from pyproject.toml
	@$(PY) -m uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	  pyproject.toml -o requirements.txt
	@$(PY) -m uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	  --group dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean: ## Remove caches and build output; data stay, and it says where they are
	@rm -rf build .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	@find . -name .venv -prune -o -name var -prune -o -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -f var/embedded.json ]; then \
	  place=$$(sed -n 's/^ *"data": "\(.*\)",*$$/\1/p' var/embedded.json); \
	  echo "The data of the embedded servers stay in: $$place"; \
	  echo "To remove them for ever, stop Steward and run:  rm -rf '$$place' var"; \
	fi

$(VENV):
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed: apt-get install python3 (3.11 or newer)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Steward needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) apt \
	  PACKAGES="python$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
	@echo "Making the virtual environment in .venv ..."
	@$(PYTHON) -m venv .venv
	@touch $@

$(RUNTIME): requirements.txt | $(VENV)
	@echo "Installing requirements.txt ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	@echo "Installing requirements-dev.txt ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
