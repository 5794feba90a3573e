# SPDX-License-Identifier: Apache-2.0
# The commands of this project. Each sets up what it needs by itself: Python 3.11 or later, make and git are enough.
#
#   make run           the demo: a real model answers under a warrant, on loopback (ARGS="--port 0" and so on)
#   make test          the whole test suite (ARGS="tests/unit/log -k merkle" for a part of it)
#   make test-faults   kills, power cuts and a soak by the hundred, some ten minutes (ARGS="-k power")
#   make test-machines a cart that loses its authority, over zenoh and MQTT, with figures (MACHINES_ROUNDS=20)
#   make test-partition  the stop drilled on hosts of their own, some eight minutes (ARGS="--trials 1 --case healthy")
#   make test-frameworks  five agent frameworks, unmodified, against this gateway (ARGS="langgraph smolagents")
#   make lint          style, types, layers, generated pages
#   make bench         this gateway beside its peers (ARGS="--quick --json")
#   make bench-log     the log beside its peers (ARGS="--quick --json", as root --flush 0.5,2: slower disks)
#   make bench-mcp     a tool call beside a direct one and fastmcp's proxy (ARGS="--quick --json")
#   make bench-labels  what of a label survives, and what it costs (ARGS="--quick")
#   make fuzz          every parser of untrusted bytes, half a minute each (ARGS="warrant --seconds 600")
#   make reference     write the generated pages under docs/reference/
#   make requirements  lock the dependencies again (ARGS="--upgrade" for newer ones)
#   make clean         remove the environments and caches
#
# Packages come from the index that the environment configures for pip or uv (PIP_INDEX_URL, UV_DEFAULT_INDEX, pip.conf,
# UV_CACHE_DIR ...). Every package is checked against a hash in requirements/ and none is compiled.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
ARGS ?=

bin := $(VENV)/bin
stamps := $(VENV)/stamps
# The environment's programs come first: `uv`, `pip` and `answerable` are the locked ones for whatever a command starts.
export PATH := $(abspath $(bin)):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start hundreds of processes: none of them compiles again what the one before it did.
unexport PYTHONDONTWRITEBYTECODE
# What the demo fetches while it runs (its model) comes the same way.
export UV := $(abspath tools/uv)
install := tools/uv pip install --quiet --require-hashes --no-build --python $(bin)/python
sync := tools/uv pip sync --quiet --require-hashes --no-build --python $(bin)/python
run_locks := requirements/base.txt requirements/local.txt requirements/build.txt requirements/tools.txt
dev_locks := $(run_locks) requirements/test.txt requirements/lint.txt

.PHONY: help run test test-faults test-machines test-partition test-frameworks lint bench bench-log bench-mcp bench-labels fuzz reference requirements clean
help:
	@sed -n '4,21p' Makefile | sed 's/^# \{0,1\}//'

# --- environments -----------------------------------------------------------------------------------------------------

$(stamps)/tools: requirements/tools.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it, or name it with PYTHON=..." >&2; exit 2; }
	@command -v $(PYTHON) > /dev/null || { echo "There is no $(PYTHON): name another with PYTHON=..." >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than 3.11: name another with PYTHON=..." >&2; exit 2; }
	@echo "setting up $(VENV)" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) has no venv module (on Debian: python3-venv)" >&2; exit 2; }
	@$(bin)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/tools.txt
	@mkdir -p $(stamps) && touch $@

# --no-build-isolation: the build backend is a locked package like any other, nothing is fetched behind it.
define install_package
	@tools/uv pip install --quiet --no-deps --no-build-isolation --offline --python $(bin)/python --editable .
endef

$(stamps)/run: $(run_locks) pyproject.toml $(stamps)/tools
	@echo "installing what the demo needs" >&2
	@$(install) $(run_locks:%=-r %)
	$(install_package)
	@touch $@

$(stamps)/dev: $(dev_locks) pyproject.toml $(stamps)/tools
	@echo "installing what tests and checks need" >&2
	@$(sync) $(dev_locks)
	$(install_package)
	@touch $@ $(stamps)/run

# The peer has an environment of its own: its dependencies are many and none of ours.
$(VENV)-litellm/stamp: requirements/bench-litellm.txt $(stamps)/tools
	@echo "installing the LiteLLM proxy for the comparison" >&2
	@tools/uv venv --quiet --allow-existing --python $(bin)/python $(VENV)-litellm
	@tools/uv pip sync --quiet --require-hashes --no-build --python $(VENV)-litellm/bin/python requirements/bench-litellm.txt
	@touch $@

# Photographs to measure labels on: the sample pictures of two packages, and Debian's wallpapers where apt-get is.
photographs := lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 mate-backgrounds ukui-wallpapers
$(VENV)-labels/stamp: requirements/bench-labels.txt $(stamps)/tools
	@echo "fetching photographs" >&2
	@tools/uv venv --quiet --allow-existing --python $(bin)/python $(VENV)-labels
	@tools/uv pip sync --quiet --require-hashes --no-build --python $(VENV)-labels/bin/python requirements/bench-labels.txt
	@mkdir -p $(VENV)-labels/debian && cd $(VENV)-labels/debian && if command -v apt-get >/dev/null; then \
	  apt-get download -qq $(photographs) && for package in *.deb; do dpkg -x "$$package" . && rm "$$package"; done; fi
	@touch $@

# So have the log's: pymerkle is under the GPL, and is only run, in a process of its own.
$(VENV)-log/stamp: requirements/bench-log.txt $(stamps)/tools
	@echo "installing the log's peers for the comparison" >&2
	@tools/uv venv --quiet --allow-existing --python $(bin)/python $(VENV)-log
	@tools/uv pip sync --quiet --require-hashes --no-build --python $(VENV)-log/bin/python requirements/bench-log.txt
	@touch $@

$(VENV)-mcp/stamp: requirements/bench-mcp.txt $(stamps)/tools
	@echo "installing fastmcp for the comparison" >&2
	@tools/uv venv --quiet --allow-existing --python $(bin)/python $(VENV)-mcp
	@tools/uv pip sync --quiet --require-hashes --no-build --python $(VENV)-mcp/bin/python requirements/bench-mcp.txt
	@touch $@

# Agent frameworks have an environment each: they do not agree on their dependencies, and none is one of ours.
frameworks := openai-agents langgraph pydantic-ai agent-framework smolagents
$(VENV)-frameworks/%/stamp: requirements/frameworks/%.txt $(stamps)/tools
	@echo "installing $*" >&2
	@tools/uv venv --quiet --allow-existing --python $(bin)/python $(@D)
	@tools/uv pip sync --quiet --require-hashes --no-build --python $(@D)/bin/python $<
	@touch $@

# --- commands ---------------------------------------------------------------------------------------------------------

run: $(stamps)/run
	@exec answerable demo $(ARGS)

# All of it side by side, then what needs the machine to itself (tests/suite.py); a part of it as pytest runs it.
test: $(stamps)/dev
	@python -m $(if $(strip $(ARGS)),pytest $(ARGS),tests.suite)

# The long form of tests/faults; its last lines say what was tried, what was lost, and what that shows.
test-faults: export FAULT_LONG ?= 1
test-faults: export FAULT_ROUNDS ?= 400
test-faults: export FAULT_CUTS ?= 120
test-faults: export FAULT_SOAK_S ?= 180
test-faults: $(stamps)/dev
	@python -m pytest tests/faults --timeout 3600 $(ARGS)

# Each way to lose authority, so many times over each transport: n, the greatest, and the bound.
test-machines: export MACHINES_ROUNDS ?= 10
test-machines: $(stamps)/dev
	@python -m pytest tests/e2e/test_machines.py -s $(ARGS)

# Every case several times over; prints one table, writes each trial as JSON. Needs the right to make namespaces.
test-partition: $(stamps)/dev
	@python -m tests.partition.drill --json .cache/partition.json $(ARGS)

# Each framework's real package by base URL, MCP URL and key alone; writes docs/reference/frameworks.md when all are run.
test-frameworks: $(stamps)/dev $(frameworks:%=$(VENV)-frameworks/%/stamp)
	@python -m tests.frameworks --environments $(VENV)-frameworks $(ARGS)

lint: $(stamps)/dev
	ruff check --quiet .
	ruff format --check --quiet .
	mypy
	lint-imports --no-logo
	python -m tools.reference --check

bench: $(stamps)/dev $(VENV)-litellm/stamp
	@python -m benchmarks.gateway --litellm $(VENV)-litellm/bin/litellm $(ARGS)

bench-log: $(stamps)/dev $(VENV)-log/stamp
	@python -m benchmarks.log --peers $(VENV)-log/bin/python $(ARGS)

bench-mcp: $(stamps)/dev $(VENV)-mcp/stamp
	@python -m benchmarks.mcp --peer $(VENV)-mcp/bin/python $(ARGS)

bench-labels: $(stamps)/dev $(VENV)-labels/stamp
	@python -m benchmarks.labels --page docs/reference/labels-robustness.md --photographs $(VENV)-labels/debian \
	  $(VENV)-labels/lib/python*/site-packages/{skimage/data,sklearn/datasets/images} $(ARGS)

$(stamps)/fuzz: requirements/fuzz.txt $(stamps)/dev
	@$(install) -r requirements/fuzz.txt
	@touch $@

fuzz: $(stamps)/fuzz
	@python -m fuzz $(ARGS)

reference: $(stamps)/dev
	python -m tools.reference

# Each file is locked against the ones before it, so that they agree wherever they are installed together.
# Addresses of indexes and paths are never written: a lock holds names, versions and hashes.
compile := tools/uv pip compile --quiet --universal --python-version 3.11 --no-build --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" $(ARGS)
requirements: $(stamps)/tools
	$(compile) pyproject.toml -o requirements/base.txt
	$(compile) pyproject.toml --extra local -c requirements/base.txt -o requirements/local.txt
	$(compile) --group tools -o requirements/tools.txt
	$(compile) --group build -c requirements/base.txt -o requirements/build.txt
	$(compile) pyproject.toml --extra cose --extra postgres --extra otel --extra nvml --extra cedar --extra scale --extra nats \
	  --extra zenoh --extra mqtt --extra labels --group test -c requirements/local.txt -c requirements/build.txt -o requirements/test.txt
	$(compile) --group lint -c requirements/local.txt -c requirements/build.txt -c requirements/test.txt \
	  -o requirements/lint.txt
	$(compile) --group fuzz -c requirements/base.txt -o requirements/fuzz.txt
	$(compile) --group font -o requirements/font.txt
	$(compile) --group bench-litellm --excludes requirements/bench-litellm-excluded.in -o requirements/bench-litellm.txt
	$(compile) --group bench-log -o requirements/bench-log.txt
	$(compile) --group bench-mcp -o requirements/bench-mcp.txt
	$(compile) --group bench-labels --no-deps -o requirements/bench-labels.txt
	mkdir -p requirements/frameworks
	$(foreach name,$(frameworks),$(compile) --group framework-$(name) -o requirements/frameworks/$(name).txt &&) true
	@! grep -nE '://|^-|(^|[ =@])/' requirements/*.txt requirements/frameworks/*.txt

clean:
	rm -rf $(VENV) $(VENV)-litellm $(VENV)-log $(VENV)-mcp $(VENV)-labels $(VENV)-frameworks .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache
