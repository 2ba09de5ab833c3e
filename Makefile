# `make` alone lists the targets.  Everything is installed into .venv, nothing outside this folder.
# Override on the command line: make demo PORT=8000 HOST=0.0.0.0, make test ARGS="-k effect", make demo PYTHON=python3.12

PYTHON ?= python3
HOST = 127.0.0.1
PORT = 7860
ARGS =
UV = 0.13.9
PIP_AUDIT = 2.10.1

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
PIP = $(BIN)/python -m pip install --disable-pip-version-check

# Nothing here needs the network once installed; HF_HUB_OFFLINE=0 lets CTERNET_WEIGHTS name a model on the hub.
HF_HUB_OFFLINE ?= 1
export HF_HUB_OFFLINE
export GRADIO_ANALYTICS_ENABLED = False

# Stop with a sentence unless PYTHON, or the environment made from it, will do.
define check_python
	@command -v "$(PYTHON)" >/dev/null || { \
		echo "error: '$(PYTHON)' was not found. Install Python 3.10 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "error: '$(PYTHON)' is `"$(PYTHON)" --version 2>&1`; Python 3.10 or newer is needed: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "error: '$(PYTHON)' cannot make virtual environments: its ensurepip or venv module is missing." >&2; \
		echo "On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
endef

define check_venv
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
		echo "error: $(VENV) has no pip, or a Python older than 3.10. Make a new one: make distclean, then this again." >&2; exit 1; }
endef

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint format lock audit clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(RUNTIME) ## install if needed, then serve the demo on http://127.0.0.1:7860
	GRADIO_SERVER_NAME=$(HOST) GRADIO_SERVER_PORT=$(PORT) $(BIN)/python app.py

# The browser tests run alone, for a busy machine keeps a page waiting.  Status 2: interrupted; 5: ARGS chose no test of a part.
test: lint ## install if needed, then lint and the whole suite but the tests marked slow
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 -m "not slow and not e2e" $(ARGS); units=$$?; \
	[ $$units -ne 2 ] || exit 2; \
	$(BIN)/python -m pytest -m "e2e and not slow" $(ARGS); pages=$$?; \
	[ $$units -eq 0 -o $$units -eq 5 ] && [ $$pages -eq 0 -o $$pages -eq 5 ]

lint: $(DEV) ## check style and formatting
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

format: $(DEV) ## put style and formatting right
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

# It does not need what constraints.txt says, which a new requirement may contradict.  uv keeps the versions that still fit.
lock: | $(BIN)/python ## write constraints.txt anew from requirements*.txt; ARGS=--upgrade takes the newest versions
	$(check_venv)
	$(PIP) uv==$(UV)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --custom-compile-command "make lock" $(ARGS) \
		requirements-dev.txt -o constraints.txt

# constraints.txt holds all that is installed, for the demo, training and tests, at the versions for this Python.  pip-audit runs
# in an environment of its own: what it needs is not what this needs.  Without --strict it would pass over what it cannot look up.
audit: | $(BIN)/python ## look for known vulnerabilities of the locked packages; needs the internet
	$(check_venv)
	$(PIP) uv==$(UV)
	@found=`$(BIN)/uv tool run --quiet --python $(BIN)/python pip-audit@$(PIP_AUDIT) --strict --no-deps --disable-pip \
		--progress-spinner off --requirement constraints.txt $(ARGS) 2>&1`; status=$$?; echo "$$found"; \
	case "$$status $$found" in \
		0*) ;; \
		*Found*vulnerabilit*) echo "error: take newer versions with: make lock ARGS='--upgrade-package NAME'" >&2 ;; \
		*) echo "error: nothing was checked, for the list of vulnerabilities at pypi.org could not be read; try again online." >&2 ;; \
	esac; exit $$status

clean: ## remove caches
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .gradio build dist *.egg-info
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove caches and the environment
	rm -rf $(VENV)

$(BIN)/python:
	$(check_python)
	"$(PYTHON)" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements.txt constraints.txt | $(BIN)/python
	$(check_venv)
	$(PIP) -r requirements.txt -c constraints.txt
	@touch $@

$(DEV): requirements-dev.txt requirements-train.txt requirements.txt constraints.txt | $(BIN)/python
	$(check_venv)
	$(PIP) -r requirements-dev.txt -c constraints.txt
	@touch $(RUNTIME) $@
