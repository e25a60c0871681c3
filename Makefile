# Steward. `make` alone lists what there is. Only relative paths: a folder with spaces in its name must work.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PY := .venv/bin/python
MANAGE := $(PY) manage.py
# `make test PG=15` runs the tests on that version of PostgreSQL; `make test ARGS="-k sign_in"` passes words to pytest.
# `make test WORKERS=4` shares them out to four processes instead of three.
PG ?=
ARGS ?=
WORKERS ?= 3
PYTEST = $(PY) -m pytest -m "not soak" -n $(WORKERS) --dist loadfile
export STEWARD_TEST_PG := $(PG)

VENV := .venv/made.stamp
RUNTIME := .venv/runtime.stamp
DEVELOPMENT := .venv/development.stamp

.PHONY: help run up down logs test test-api test-web test-e2e soak coverage mutation lint fmt types security check hooks \
  bench docs references demo seed migrate build deploy backup restore drill cleanup doctor deps requirements shell dbshell clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# --- Run it ---

run: $(RUNTIME) ## Start everything: servers, web, worker, beat (Ctrl-C stops it)
	@exec $(MANAGE) steward run

up: $(RUNTIME) ## The same in the background; returns when the portal answers
	@sh deploy/background.sh up

down: ## Stop what `make up` started
	@sh deploy/background.sh down

logs: ## Follow what it says (Ctrl-C ends the following only)
	@sh deploy/background.sh logs

doctor: $(RUNTIME) ## Say what is wrong with the machine and the configuration
	@$(MANAGE) steward doctor

migrate: $(RUNTIME) ## Bring the running database to this version (after a backup)
	@$(MANAGE) database init --yes

demo: $(RUNTIME) ## Load the demonstration data into the running portal
	@$(MANAGE) demo load

seed: demo ## The same under its usual name

shell: $(RUNTIME) ## Python with the project loaded
	@$(MANAGE) shell

dbshell: $(RUNTIME) ## SQL as the application
	@$(MANAGE) dbshell

# --- Keep it ---

backup: $(RUNTIME) ## Make a backup now
	@$(MANAGE) backup create

restore: $(RUNTIME) ## Restore one into a new database: make restore ID=newest INTO=steward_restored
	@[ -n "$(INTO)" ] || { echo "Name the new database: make restore ID=newest INTO=steward_restored (docs/restore.md)" >&2; exit 2; }
	@$(MANAGE) backup restore "$(or $(ID),newest)" --into "$(INTO)"

drill: $(RUNTIME) ## Prove that the newest backup can be restored
	@$(MANAGE) backup drill

cleanup: $(RUNTIME) ## Count what all clean-ups would take away; make cleanup CONFIRM=everything takes it away
	@$(MANAGE) cleanups $(if $(CONFIRM),run --confirm "$(CONFIRM)",preview)

# --- Change it ---

test: deps $(DEVELOPMENT) ## Everything that must hold: lint, types, contracts, checks, security, all tests
	@$(MAKE) -j2 --output-sync=target lint types check security
	@$(PYTEST) $(ARGS)

test-api: deps $(DEVELOPMENT) ## The tests of the API only
	@$(PYTEST) $(filter-out tests/browser/%,$(shell find tests -name 'test_*api*.py' -o -name 'test_authz*.py')) $(ARGS)

test-web: deps $(DEVELOPMENT) ## The tests of the pages, without a browser
	@$(PYTEST) $(filter-out tests/browser/%,$(shell find tests -name 'test_*page*.py')) tests/cases tests/home $(ARGS)

test-e2e: deps $(DEVELOPMENT) ## The tests in a real browser
	@$(PYTEST) tests/browser $(ARGS)

soak: deps $(DEVELOPMENT) ## Long races and slow faults
	@$(PY) -m pytest -m soak $(ARGS)

coverage: deps $(DEVELOPMENT) ## The whole suite with lines counted; at least 85 % of every room
	@rm -rf build/coverage; mkdir -p build/coverage
	@$(PY) -m coverage run -m pytest -m "not soak" -n $(WORKERS) --dist loadfile $(ARGS)
	@$(PY) -m gates.coverage

mutation: deps $(DEVELOPMENT) ## Change the code that decides and counts, and see whether its tests notice
	@$(PY) -m gates.mutation $(ARGS)

lint: $(DEVELOPMENT) ## Style of Python and templates, layers of imports
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m djlint templates --check --quiet
	@$(PY) -m djlint templates --lint --quiet
	@$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

fmt: $(DEVELOPMENT) ## Put Python and templates into their style
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format . ; $(PY) -m djlint templates --reformat --quiet

types: $(DEVELOPMENT) ## Types of everything (mypy --strict)
	@$(PY) -m mypy .

check: $(DEVELOPMENT) ## Django's and our own system checks, migrations complete
	@$(MANAGE) check --fail-level WARNING
	@$(PY) -W ignore manage.py makemigrations --check --dry-run

security: $(DEVELOPMENT) ## Unsafe code, known weaknesses of libraries, secrets in the tree, licences
	@$(PY) -m gates.security

hooks: $(DEVELOPMENT) ## Have git run the quick checks before each commit
	@$(PY) -m pre_commit install

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

# --- Give it away ---

build: $(RUNTIME) ## Pack the committed version into build/steward-<version>.tar.gz
	@sh deploy/release.sh build

deploy: export RESTART := $(RESTART)
deploy: ## Install that package in a folder of this machine or another: make deploy TO=[user@host:]/srv/steward
	@sh deploy/release.sh deploy "$(TO)"

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
