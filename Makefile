# `make grade` and `make test` are all the set-up that a fresh machine needs: Python 3.11 or newer, and make.

PYTHON ?= python3
VENV ?= .venv
# Where a CPU build of torch has an index of its own, name it here: PIP_FLAGS="--extra-index-url ...".
PIP_FLAGS ?=
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt

OUT ?= report
LESSON ?=
STUDENT ?= student-006
SEEDS ?= 20
FIGURES ?=

.PHONY: grade test test-slow lint types stubs figures verify mutants calibrate bar bench-training bench-grading bench-nbgrader picture clean help

grade: $(VENV)/.class ## grade the sample class, or your own: make grade SUBMISSIONS=path
ifdef SUBMISSIONS
	$(BIN)/grader grade "$(SUBMISSIONS)" --out "$(OUT)"
else
	$(BIN)/grader demo --out "$(OUT)"
endif
	@echo "The report: $(OUT)/index.html   The marks: $(OUT)/grades.csv"

test: $(VENV)/.dev ## run the grader's own tests
	$(BIN)/python -m pytest --dist worksteal -n $$($(BIN)/python -c 'import grader.workers as w; print(w.count())') tests/grader

test-slow: $(VENV)/.dev ## as test, with every known wrong program of every lesson
	EVERY_SAMPLE=1 $(BIN)/python -m pytest --dist worksteal -n $$($(BIN)/python -c 'import grader.workers as w; print(w.count())') tests/grader

lint: $(VENV)/.dev ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## static types
	$(BIN)/mypy

stubs: $(VENV)/.dev ## make the stubs and the notebooks from solutions/ and the texts
	$(BIN)/grader build

figures: $(VENV)/.dev ## draw the figures of the lesson texts
	$(BIN)/python -m grader.figures $(FIGURES)

verify: $(VENV)/.dev ## measure the hidden tests: stubs, solutions, wheats, chaffs
	$(BIN)/grader verify $(LESSON)

mutants: $(VENV)/.dev ## does every small change to a solution cost marks?
	$(BIN)/python -m grader.mutants $(if $(LESSON),--lesson $(LESSON))

calibrate: $(VENV)/.dev ## train every reference on SEEDS disguised seeds
	$(BIN)/python -m grader.bench.calibrate --seeds $(SEEDS) $(if $(LESSON),--lesson $(LESSON))

bar: $(VENV)/.dev ## which known misconceptions reach the training bar all the same
	$(BIN)/python -m grader.bench.bar $(if $(LESSON),--lesson $(LESSON))

bench-training: $(VENV)/.bench ## one training seed against Stable-Baselines3's DQN, side by side
	$(BIN)/python -m grader.bench.training --seeds 5

bench-grading: $(VENV)/.dev ## what a child, a call and a lesson's properties cost, and the boundary's share
	$(BIN)/python -m grader.bench.grading

bench-nbgrader: $(VENV)/.dev ## the same submissions through plain nbgrader autograde and through ours
	$(BIN)/python -m grader.bench.nbgrader $(if $(LESSON),--lesson $(LESSON))

picture: ## the picture in README.md, from a report that `make grade` made (needs chromium)
	d=$$(mktemp -d); chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-background-networking \
	    --no-first-run --user-data-dir=$$d --force-device-scale-factor=1.5 --window-size=900,1150 \
	    --screenshot=.github/report.png "file://$$PWD/$(OUT)/$(STUDENT)/index.html"; rm -rf $$d

clean: ## remove what make made
	rm -rf $(VENV) report

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

# Stamps: an environment that is up to date costs nothing the second time.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.class: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[class]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.class

$(VENV)/.bench: $(VENV)/.dev
	$(PIP) -e '.[dev,bench]'
	@touch $@
