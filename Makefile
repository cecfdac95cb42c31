# The commands people type; `make` alone lists them.
#   PROFILE=sample     which profile `make book` runs
#   PYTHON=python3.12  which Python makes the environment (3.11 to 3.13)

PROFILE ?= sample
PYTHON ?=

BIN := .venv/bin
# The stamps: a copy of the lock that was installed, and a file as new as the package's own installation.
LOCKED := .venv/requirements.lock
INSTALLED := .venv/songrec.installed
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check --no-input

# Each stage is a process of its own: without bytecode on disk each would compile the library again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help book test quick neural serve spark lab bench lock clean notebooks environment
.DELETE_ON_ERROR:

help: ## this list
	@echo "make book [PROFILE=sample]   run the pipeline and build the book"
	@echo "make test                    lint, tests, doctests"
	@echo "make quick                   lint, and the tests that start no kernel, pipeline, build or browser: a minute"
	@echo "make neural                  add PyTorch to the environment, for the neural models"
	@echo "make serve                   add FastAPI and what songrec serve needs to the environment"
	@echo "make spark                   add PySpark to the environment, for logs beyond one machine (needs Java)"
	@echo "make lab                     JupyterLab on notebooks/"
	@echo "make bench                   time evaluation, ingest, neighbours, fits and lists beside other libraries"
	@echo "make notebooks               execute the stored notebooks again, on the tiny profile"
	@echo "make lock                    pin every version again, into requirements.lock"
	@echo "make clean                   remove what was made: build/, book/runs/, interim and processed data"
	@echo "make environment             only make .venv from the lock"
	@echo "PYTHON=/path/to/python       makes the environment with that Python (3.11 to 3.13)"

environment: $(INSTALLED)

# A .venv without its stamp is half made: it is thrown away. A lock that was merely touched costs nothing.
# Compiling on all cores at once is faster than pip does it; a template that is no Python may fail to compile.
$(LOCKED): requirements.lock
	@if ! cmp -s requirements.lock $(LOCKED); then \
	  set -e; \
	  python=$$(.ci/choose-python "$(PYTHON)"); \
	  echo "Making .venv with $$python: $$(grep -c '==' requirements.lock) packages, about a minute"; \
	  rm -rf .venv; \
	  "$$python" -m venv .venv; \
	  $(PIP) install --no-compile --require-hashes --no-deps --requirement requirements.lock; \
	  $(BIN)/python -m compileall -q -j 0 .venv/lib >/dev/null 2>&1 || true; \
	  cp requirements.lock $(LOCKED); \
	fi
	@touch $(LOCKED)

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(PIP) install --no-compile --no-deps --no-build-isolation --editable .
	@touch $(INSTALLED)

book: environment ## run the pipeline and build the book
	@$(BIN)/songrec run --profile $(PROFILE)
	@$(BIN)/python -m songrec.pipeline.assemble --profile $(PROFILE)

LINT = $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
PYTEST = $(BIN)/python -m pytest -q -p no:nbval -n 2 --dist loadfile --no-loadscope-reorder -m "not built"

test: environment ## lint, tests, doctests
	@$(LINT)
	@$(PYTEST) --doctest-modules --doctest-ignore-import-errors --ignore-glob='*/conftest.py' lib tests

quick: environment ## lint, and the tests that take no time
	@$(LINT)
	@$(PYTEST) -m "not slow and not built" tests

# PyTorch is not in the lock: its builds differ by machine, and with them their hashes.
neural: environment ## add PyTorch, for the neural models
	@$(PIP) install --requirement requirements-neural.txt

# Nor is what serves: who studies a log needs none of it.
serve: environment ## add what songrec serve needs
	@$(PIP) install --requirement requirements-serve.txt

# Nor is PySpark: it weighs 450 MB, and brings nothing that one machine needs.
spark: environment ## add PySpark, for logs beyond one machine
	@$(PIP) install --requirement requirements-spark.txt

lab: environment ## JupyterLab on notebooks/
	@$(BIN)/python -m jupyterlab --notebook-dir notebooks

bench: environment ## time evaluation, ingest, neighbours, fits and lists beside other libraries
	@$(BIN)/python tools/evaluators.py
	@$(BIN)/python tools/ingesters.py
	@$(BIN)/python tools/neighbour_searches.py
	@$(BIN)/python tools/fits_and_lists.py --users 20000 --songs 8000

notebooks: environment ## execute the stored notebooks again
	@$(BIN)/python -m songrec.pipeline.refresh

# uv resolves for every supported Python and platform at once. No setting of this machine may leak into the
# lock: no configuration file, no index variable; the result holds names, versions and hashes only.
lock: ## pin every version again
	@set -e; \
	python=$$(.ci/choose-python "$(PYTHON)"); \
	rm -rf build/lock && mkdir -p build/lock; \
	"$$python" -m venv build/lock/venv; \
	build/lock/venv/bin/python -m pip --quiet --quiet --disable-pip-version-check install uv; \
	cp requirements.lock build/lock/requirements.lock; \
	env -u UV_INDEX -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	  build/lock/venv/bin/uv --no-config --quiet pip compile --universal --generate-hashes --no-header \
	  --no-annotate --all-extras --output-file build/lock/requirements.lock pyproject.toml; \
	mv build/lock/requirements.lock requirements.lock; \
	rm -rf build/lock; \
	echo "requirements.lock: $$(grep -c '==' requirements.lock) packages"

clean: ## remove what was made
	rm -rf build book/runs data/interim data/processed
