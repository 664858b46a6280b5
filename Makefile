# SPDX-License-Identifier: Apache-2.0
# make demo: install into .venv and render the default plan into build/demo. Needs neither root nor a broker.
# make test: install what the tests need (as root) or say what is missing, then run everything.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test python packages clean

PYTHON ?= python3
TOOLS := build/tools
APT := DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300
SOURCES := setup.cfg pyproject.toml $(shell find tripleo_messaging schemas hiera puppet_shims -type f \
	-not -name '*.pyc' 2>/dev/null)

# tox does not look behind pyenv's shims, so the interpreters that pyenv keeps go to the end of PATH.
PYENV_PATH := $(shell command -v pyenv >/dev/null && for v in $$(pyenv versions --bare); do \
	printf ':%s/bin' "$$(pyenv prefix $$v)"; done)

# The one place that says what the demonstration runs.
DEMO := .venv/bin/tripleo-messaging hieradata render --generate \
	--secrets build/demo/passwords.yaml --output build/demo/hieradata

help:
	@sed -n 's/^# make /make /p' Makefile

demo: .venv/installed
	@mkdir -p build/demo
	@echo "== $(DEMO)"
	@$(DEMO)

.venv/installed: $(SOURCES) | python
	@echo "== installing tripleo-messaging into .venv"
	@$(PYTHON) -m venv .venv
	@rm -rf build/lib build/bdist.*  # setuptools would pack what older builds left there
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check .
	@touch $@

test: packages
	@status=0; \
	echo "== style, types, documentation, and the unit tests on the interpreters found"; \
	PATH="$$PATH$(PYENV_PATH)" $(TOOLS)/bin/tox run-parallel --parallel 2 --parallel-no-spinner \
		--skip-env functional || status=1; \
	echo "== functional tests"; \
	$(TOOLS)/bin/tox run -e functional || status=1; \
	test $$status = 0 || echo "== make test: FAILED, see above" >&2; \
	exit $$status

packages: $(TOOLS)/bin/tox
	@echo "== system packages of bindep.txt"
	@missing="$$($(TOOLS)/bin/bindep --brief test)" || test -n "$$missing"; \
	if [ -z "$$missing" ]; then echo "all there"; exit; fi; \
	echo "missing:" $$missing; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "install them, or run make test as root on Debian" >&2; exit 1; fi; \
	$(APT) update && $(APT) install --yes --no-install-recommends $$missing && $(TOOLS)/bin/bindep --brief test

$(TOOLS)/bin/tox: | python
	@echo "== installing tox and bindep into $(TOOLS)"
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check bindep tox

# bindep needs a venv to run in, so this one package is looked for without it.
python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null && exit; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "$(PYTHON) cannot make virtual environments: install python3-venv" >&2; exit 1; fi; \
	echo "== installing python3-venv"; \
	$(APT) update && $(APT) install --yes --no-install-recommends python3-venv

clean:
	rm -rf .tox .venv build
