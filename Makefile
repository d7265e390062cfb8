# Bare `make` lists the targets. VENV= and PYTHON= choose another folder or another interpreter.
VENV ?= .venv
BIN := $(VENV)/bin
ENVIRONMENT := pyproject.toml constraints.txt tools/make-venv
PIP_INSTALL := PIP_BUILD_CONSTRAINT=constraints.txt $(BIN)/python -m pip install -qq \
	--disable-pip-version-check --progress-bar off -c constraints.txt
# Most tests wait for a broker, a clock or a process; four at a time keep two cores busy.
PYTEST := $(BIN)/python -m pytest -q -n 4 --dist loadfile
CHECKED := contract door roomserver demo tests benchmarks

.PHONY: help demo test test-all test-postgresql rig lint fuzz benchmarks pictures mutate migration clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

demo: $(VENV)/.demo ## the whole story in one terminal, on simulated pins
	@$(BIN)/python -m demo

test: $(VENV)/.dev ## lint, types, and all tests but the long ones
	@tools/debian-packages
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) -m "not long"

test-all: $(VENV)/.dev ## the same with the long tests (minutes)
	@tools/debian-packages
	@$(MAKE) --no-print-directory lint
	@$(PYTEST)

# All files whose tests have a database of the server; FIRST=-first: its tables come from the first schema.
test-postgresql: $(VENV)/.dev ## the tests of the server on PostgreSQL (minutes); FIRST=-first: from its first tables
	@STUDYROOM_DATABASE=postgresql$(FIRST) $(PYTEST) -m "not long" $$(tools/tests-of databases)

rig: $(VENV)/.dev ## a booted Debian with the door in it, killed and unplugged (as root, an hour)
	@tools/debian-packages
	@$(if $(filter arm64,$(RIG_ARCH)),tools/debian-packages arm64)
	@RIG=1 $(BIN)/python -m pytest -q tests/rig

lint: $(VENV)/.dev ## ruff and mypy
	@$(BIN)/ruff check --quiet $(CHECKED)
	@$(BIN)/ruff format --quiet --check $(CHECKED)
	@$(BIN)/mypy

fuzz: $(VENV)/.dev ## hunt for inputs that a parser does not expect (minutes)
	@$(BIN)/python -m pytest -q -m long tests/test_fuzz.py

benchmarks: $(VENV)/.dev ## how fast it is on this machine, into docs/performance.md
	@PYTHONPATH=tests:. $(BIN)/python -m benchmarks

pictures: $(VENV)/.dev ## every page in every state, to be looked at: FOLDER=/tmp/pictures
	@PYTHONPATH=tests:. $(BIN)/python -m gallery $(FOLDER) $(STATES)

mutate: $(VENV)/.dev ## change the core in every small place and see that a test notices (an hour)
	@$(BIN)/python tools/mutate.py

migration: $(VENV)/.dev ## write the next step of the server's tables: SAYS="Add the accounts"
	@tools/migration $(VENV) "$(SAYS)"
	@$(BIN)/ruff check --quiet --fix roomserver/migrations
	@$(BIN)/ruff format --quiet roomserver/migrations

clean: ## remove the environment and everything made
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find $(wildcard $(CHECKED)) -name __pycache__ -prune -exec rm -rf {} +

# A stamp for each set of packages: the demo does not wait for what only the tests need.
$(VENV)/.pip: $(ENVIRONMENT)
	@echo "Making the environment in $(VENV)"
	@PYTHON="$(PYTHON)" tools/make-venv $(VENV) constraints.txt
	@touch $@

$(VENV)/.demo: $(VENV)/.pip
	@echo "Installing what the demo needs"
	@$(PIP_INSTALL) -e '.[server]' || { echo "Not installed; is there a network?" >&2; exit 1; }
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	@echo "Installing what the tests need"
	@$(PIP_INSTALL) -e '.[server,postgresql,osdp,display,dev,tencent,aliyun]' || { echo "Not installed; is there a network?" >&2; exit 1; }
	@touch $@
