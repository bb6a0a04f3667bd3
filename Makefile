# Each target sets up what it needs: .venv with the locked dependencies and lib/.
.DEFAULT_GOAL := help
.PHONY: help lab test quick fuzz test-player test-frameworks test-scale test-site mutants execute lint lint-js lock bench figures \
  book book-serve pdf slides assignments exam svg test-nbgrader FORCE

PY := .venv/bin/python
CHAPTER :=
FRAMEWORKS :=
MODULE := optimizers dialects schedules
LAB_ARGS :=
RULE :=
SHUFFLE :=
SEED :=
EXAM :=

# The reader's own settings stay out of the set-up and of the kernels it starts.
unexport PYTHONPATH PYTHONHOME MPLBACKEND
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export JUPYTER_PREFER_ENV_PATH := 1

help:
	@echo "make lab        open your copy of the course, reading/, in JupyterLab (CHAPTER=01: at that chapter;"
	@echo "                EDIT=1: the originals, for authors; LAB_ARGS=... for JupyterLab's options)"
	@echo "make test       run every test: library, chapters, structure, browser (SHUFFLE=7: in another order)"
	@echo "make quick      run the tests that find most, in half a minute: rules, stations, messages"
	@echo "make fuzz       give the library 10,000 wrong and odd things: words, and nothing has changed (2 minutes)"
	@echo "make test-player  test the player's modules, with Vitest in Chromium (needs Node.js)"
	@echo "make test-frameworks  compare with PyTorch, Optax and Keras, live, and test compiled rules (1 GB more)"
	@echo "make test-scale  sweeps in blocks, on Dask, with a worker and a driver killed (100 MB more)"
	@echo "make test-nbgrader  let nbgrader grade all homework: answers, stubs, wrong answers (an hour)"
	@echo "make mutants    change the rules in every small way: a test has to fail (15 minutes or more; MODULE=schedules: only there; RULE=adam: only that one)"
	@echo "make execute    run chapters and solutions and write them (CHAPTER=01: only that one; FRAMEWORKS=1: cells of 18 that need them too)"
	@echo "make lint       ruff, format check, type check; make lint-js the same for the player's modules (needs Node.js)"
	@echo "make book       the site, in book/_build/html (needs Node.js); make book-serve serves it"
	@echo "make pdf        chapters and exercises as a book, book/_build/downhill.pdf (needs Chromium)"
	@echo "make slides     a deck for each chapter, in book/_build/html/slides"
	@echo "make assignments  homework for nbgrader, in assignments/"
	@echo "make exam SEED=7  an exam of nine questions and its key, in book/_build/exams (EXAM=\"01 03 08\": from these chapters)"
	@echo "make svg CHAPTER=08  every figure of a chapter as SVG, to reuse, in book/_build/svg"
	@echo "make test-site  build both and test them in a browser, cut off from the network"
	@echo "make figures    draw every figure of figures/"
	@echo "make bench      measure the player, and the optimizers beside PyTorch and Optax (10 minutes, 1 GB more)"
	@echo "make lock       resolve pyproject.toml into requirements.lock (needs uv)"
	@echo "PYTHON=... chooses the Python that .venv is made with (3.11 or later)."

# .venv/ready holds the folder it was made in: a moved or copied folder, or a lost Python, is set up anew.
here := $(shell pwd -P)
ifneq ($(shell $(PY) -c "" 2>/dev/null && cat .venv/ready 2>/dev/null),$(here))
.venv/ready: FORCE
endif

.venv/ready: requirements.lock pyproject.toml $(wildcard settings/share/jupyter/lab/settings/*)
	@set -e; \
	if ! $(PY) -c "" 2>/dev/null || [ "$$(cat .venv/ready 2>/dev/null)" != "$$(pwd -P)" ]; then \
	  found=; \
	  for python in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3 python); do \
	    if version=$$("$$python" -c 'import sys; print(sys.version.split()[0]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null); then \
	      if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then break; fi; \
	      version="$$version, without the module venv (Debian, Ubuntu: apt install python3-venv)"; \
	    fi; \
	    found="$$found\n  $$python: $${version:-does not run}"; python=; \
	  done; \
	  if [ -z "$$python" ]; then \
	    printf "Downhill needs Python 3.11 or later. Found:$$found\n"; \
	    echo "Install one (python.org, your package manager, uv or conda), or name it: make PYTHON=/path/to/python"; \
	    exit 1; \
	  fi; \
	  echo "Making .venv with Python $$version"; \
	  "$$python" -m venv --clear .venv; \
	fi; \
	echo "Installing the locked packages into .venv (one minute to five, 1 GB on disk)"; \
	$(PY) -m pip install --progress-bar=on --require-hashes -r requirements.lock; \
	$(PY) -m pip install -qq --no-build-isolation --no-deps -e .; \
	pwd -P > .venv/ready

# JupyterLab speaks when something is wrong. It also warns of two defaults of its own: kernels it talks to in plain text,
# and a wait for an answer that is longer than the time between two questions.
QUIET := --log-level=WARN --LabApp.log_level=WARN --AsyncKernelManager.transport_encryption=auto \
  --ServerApp.tornado_settings=ws_ping_timeout=30000
# A reader gets a copy, reading/, which nothing else here reads; EDIT=1 opens the originals.
PLACE := $(if $(EDIT),chapters,reading)
lab: .venv/ready
	@$(PY) $(if $(EDIT),-m jupyter trust --log-level=WARN $(wildcard chapters/*.ipynb),tools/reading.py)
	@JUPYTERLAB_WORKSPACES_DIR=.jupyter/workspaces \
	$(PY) -m jupyterlab $(QUIET) --ServerApp.ip=127.0.0.1 --ServerApp.root_dir=. --allow-root \
	  --FileContentsManager.preferred_dir=$(PLACE) \
	  --LabApp.default_url=/lab/tree/$(patsubst chapters/%,$(PLACE)/%,$(firstword $(wildcard chapters/$(CHAPTER)*.ipynb) chapters/00_start_here.ipynb)) $(LAB_ARGS)

# A file's tests stay in one process. Files in their order, not those of most tests first: the notebooks come last,
# and each is short, so no process waits for another at the end.
test: .venv/ready
	@$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(SHUFFLE:%=--shuffle %)

QUICK := stations own_rules engine_errors optimizers dialects docs surfaces schedules
quick: .venv/ready
	@$(PY) -m pytest -q -n auto $(QUICK:%=tests/test_%.py) lib/optimizers.py lib/dialects.py lib/wrappers.py lib/engine.py

fuzz: .venv/ready
	@FUZZ=10000 $(PY) -m pytest -q -n auto tests/test_fuzz.py

# What npm installs, for the site in book/ and for the player's tests in tests/player/.
%/node_modules/ready: %/package-lock.json
	@npm --version >/dev/null 2>&1 || { echo "$* needs npm, which comes with Node.js 18 or later (nodejs.org; Debian, Ubuntu: apt install npm)."; exit 1; }
	@cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test-player: tests/player/node_modules/ready
	@cd tests/player && node_modules/.bin/vitest run

# The stamp is newer than .venv/ready, or the frameworks are installed (again).
.venv/frameworks: .venv/ready
	@echo "Installing Numba, PyTorch, Optax and Keras into .venv (some minutes, 1 GB on disk)"
	@$(PY) -m pip install -qq --no-build-isolation -e '.[fast,frameworks]'
	@touch $@

test-frameworks: .venv/frameworks
	@$(PY) -m pytest -n auto tests/frameworks tests/test_compiled.py tests/test_fused.py lib/compiled
	@$(PY) -m pytest --frameworks chapters/18_frameworks.ipynb

.venv/scale: .venv/ready
	@echo "Installing Dask, distributed, zarr and Numba into .venv (some seconds, 100 MB on disk)"
	@$(PY) -m pip install -qq --no-build-isolation -e '.[fast,scale]'
	@touch $@

test-scale: .venv/scale
	@$(PY) -m pytest -n auto tests/scale lib/scale.py

.venv/mutants: .venv/ready
	@echo "Installing poodle into .venv"
	@$(PY) -m pip install -qq --no-build-isolation -e '.[mutants]'
	@touch $@

# How to read what it prints: tools/mutants.py
mutants: .venv/mutants
	@RULE=$(RULE) .venv/bin/poodle -w $$(getconf _NPROCESSORS_ONLN) $(MODULE:%=--only lib/%.py)

# What makes the site: Sphinx and its kin.
.venv/site: .venv/ready book/requirements.lock
	@echo "Installing Sphinx into .venv (some seconds, 100 MB on disk)"
	@$(PY) -m pip install -qq --require-hashes -r book/requirements.lock
	@touch $@

HTML := book/_build/html
book: .venv/site book/node_modules/ready
	@$(PY) tools/book.py
	@echo "Open $(HTML)/index.html, or: make book-serve"

slides: .venv/site book/node_modules/ready
	@$(PY) tools/slides.py

pdf: book
	@$(PY) tools/pdf.py

book-serve: book
	@echo "http://127.0.0.1:8000 (Ctrl+C ends)"
	@$(PY) -m http.server --bind 127.0.0.1 --directory $(HTML) 8000

test-site: book slides
	@$(PY) -m pytest -n auto -m site tests/browser tests/test_book.py tests/test_builders.py
	@$(PY) -m pytest -q -m "" tools # their doctests need Sphinx

assignments: .venv/ready
	@$(PY) tools/assignments.py

exam: .venv/ready
	@$(PY) tools/exam.py $(SEED) $(EXAM)

.venv/nbgrader: .venv/ready
	@echo "Installing nbgrader into .venv"
	@$(PY) -m pip install -qq --no-build-isolation -e '.[nbgrader]'
	@touch $@

test-nbgrader: .venv/nbgrader
	@$(PY) -m pytest -n auto tests/nbgrader

NOTEBOOKS = $(sort $(wildcard chapters/$(CHAPTER)*.ipynb chapters/solutions/$(CHAPTER)*.ipynb))
execute: $(if $(FRAMEWORKS),.venv/frameworks,.venv/ready)
	@test -n "$(NOTEBOOKS)" || { echo "There is no chapters/$(CHAPTER)*.ipynb"; exit 1; }
	@$(PY) tools/execute.py $(if $(FRAMEWORKS),--frameworks) $(NOTEBOOKS)
	@$(PY) tools/exercises.py

svg: .venv/ready
	@test -n "$(NOTEBOOKS)" || { echo "There is no chapters/$(CHAPTER)*.ipynb"; exit 1; }
	@$(PY) tools/svg.py $(wildcard chapters/$(CHAPTER)*.ipynb)

JS := lib/player/js/*.js tests/player/*.js
NPX := tests/player/node_modules/.bin
lint-js: tests/player/node_modules/ready
	@$(NPX)/prettier --config tests/player/prettier.json --log-level warn --check $(JS)
	@$(NPX)/eslint --config tests/player/eslint.config.js $(JS)
	@$(NPX)/tsc --project tests/player

lint: .venv/ready
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

lock:
	@uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --fork-strategy fewest \
	  --extra test --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --fork-strategy fewest \
	  --extra test --extra site --constraint requirements.lock --custom-compile-command "make lock" \
	  pyproject.toml -o book/requirements.lock

bench: .venv/frameworks
	@$(PY) bench/player.py
	@$(PY) bench/optimizers.py --rows

figures: .venv/ready
	@$(PY) tools/figures.py
