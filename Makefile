# `make grade` and `make test` are all the set-up that a fresh machine needs: Python 3.11 or newer, and make.

# The first Python that is new enough, where none is named: PYTHON=python3.12.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
    $$python -c '$(NEW_ENOUGH)' 2>/dev/null && { echo $$python; break; }; done)
VENV ?= .venv
# Options for pip, which then decide which build of torch is installed; without any, .ci/install.py chooses one.
PIP_FLAGS ?=
BIN := $(VENV)/bin

OUT ?= report
SUBMISSIONS ?=
LESSON ?=
STUDENT ?=
SEEDS ?=
GOAL ?=
JSON ?=
OUT_TABLE ?=
OUT_SITE ?= site
SITE_ADDRESS ?=
FIGURES ?=
TARGET ?=
SECONDS ?=
INPUT ?=
CHAOS ?=
WHEATS ?=
MULTIPLIED ?=
SALTS ?=

# Every page but the lesson texts. Those are full of formulas such as s_{t+1} and [[0, 0], [0, 1]], which mdformat writes
# with backslashes; learners read them in an editor as well.
MARKDOWN = $(filter-out exercises/lesson%,$(wildcard *.md exercises/*.md grader/*.md tests/*.md))

# What `grader grade` and `grader demo` take several of: LESSON="5 6" is --lesson 5 --lesson 6.
LESSONS = $(foreach lesson,$(LESSON),--lesson $(lesson))
STUDENTS = $(foreach student,$(STUDENT),--student $(student))
# What the benchmarks take one of.
ONE_LESSON = $(if $(word 2,$(LESSON)),$(error make $@ takes one lesson at a time: LESSON=$(firstword $(LESSON))),$(if \
    $(LESSON),--lesson $(LESSON)))

.PHONY: grade test test-slow lint format hooks types stubs figures verify salts mutants calibrate bar probes attacks chaos fuzz check-gpu bench-class bench-cluster bench-training bench-grading bench-nbgrader bench-watch picture films clean help

grade: $(VENV)/.class ## grade the sample class, or yours: SUBMISSIONS=path LESSON="5 6" STUDENT=student-001 OUT=report
	$(if $(SUBMISSIONS),,$(if $(STUDENT),$(error STUDENT chooses from a class of yours: name its folder, SUBMISSIONS=path)))
	$(BIN)/grader $(if $(SUBMISSIONS),grade "$(SUBMISSIONS)" $(STUDENTS),demo) $(LESSONS) --out "$(OUT)"
	@echo "The report: $(OUT)/index.html   The marks: $(OUT)/grades.csv"

# One process more than there are processors: a third of the time, a test waits for processes or for a limit to pass.
test: $(VENV)/.dev ## run the grader's own tests
	$(BIN)/python -m pytest --dist worksteal -n $$($(BIN)/python -c 'import grader.grading.workers as w; print(w.count() + 1)') tests/grader

test-slow: $(VENV)/.dev ## as test, with every known wrong program of every lesson
	EVERY_SAMPLE=1 $(BIN)/python -m pytest --dist worksteal -n $$($(BIN)/python -c 'import grader.grading.workers as w; print(w.count() + 1)') tests/grader

attacks: $(VENV)/.dev ## hand in every hostile submission of tests/attacks, at each level; GOAL="read forge" JSON=file OUT_TABLE=file
	$(BIN)/python tests/attacks $(GOAL) $(if $(JSON),--json "$(JSON)") $(if $(OUT_TABLE),--out "$(OUT_TABLE)")

lint: $(VENV)/.dev ## style, format and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/mdformat --check $(MARKDOWN)

format: $(VENV)/.dev ## mend what `make lint` can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mdformat $(MARKDOWN)

hooks: $(VENV)/.dev ## run the checks of `make lint` before every commit, on what is committed
	$(BIN)/pre-commit install

types: $(VENV)/.dev ## static types
	$(BIN)/mypy

stubs: $(VENV)/.dev ## make the stubs and the notebooks from solutions/ and the texts
	$(BIN)/grader build

figures: $(VENV)/.dev ## draw the figures of the lesson texts
	$(BIN)/python -m grader.figures $(FIGURES)

films: $(VENV)/.films ## make a film for each lesson, from runs of its solution: LESSON=6 OUT=films
	$(BIN)/python -m grader.films $(LESSON) $(if $(filter file,$(origin OUT)),,--out "$(OUT)")

verify: $(VENV)/.dev ## measure the hidden tests: stubs, solutions, wheats, chaffs; LESSON="5 6" here and below
	$(BIN)/grader verify $(LESSON)

salts: $(VENV)/.dev ## judge every known program with many salts: luck must not decide marks; SALTS=50
	$(BIN)/grader salts $(if $(SALTS),--salts $(SALTS)) $(LESSON)

mutants: $(VENV)/.dev ## does every small change to a solution cost marks? WHEATS=20: to one in 20 places of the wheats
	$(BIN)/grader mutants $(if $(WHEATS),--wheats --one-in "$(WHEATS)") $(LESSON)

calibrate: $(VENV)/.dev ## train every reference on many disguised seeds, for calibration.yml: SEEDS=5 for a look
	$(BIN)/grader calibrate $(if $(SEEDS),--seeds $(SEEDS)) $(LESSON)

bar: $(VENV)/.dev ## which known misconceptions reach the training bar all the same
	$(BIN)/grader bar $(LESSON)

probes: $(VENV)/.dev ## the probe ladder: right answers pass it, each slip in train is blamed on the right rung; SEEDS=62
	$(BIN)/grader probes $(if $(SEEDS),--seeds $(SEEDS)) $(LESSON)

chaos: $(VENV)/.dev ## grade 200 submissions while processes are killed, disks are full, the clock jumps; CHAOS="--faults 20 --seed 3"
	$(BIN)/python tests/chaos $(CHAOS)

check-gpu: $(VENV)/.dev ## with a CUDA GPU: right answers pass, wrong ones do not, walls hold, and what it is worth
	$(BIN)/python -m grader.bench.gpu $(foreach lesson,$(LESSON),--lesson $(lesson))

bench-training: $(VENV)/.bench ## one training seed against Stable-Baselines3's DQN, side by side
	$(BIN)/python -m grader.bench.training --seeds 5

bench-class: $(VENV)/.dev ## classes of 10, 100 and 1,000 submissions: SUBMISSIONS="100 10000" LESSON="1 5" MULTIPLIED=90000
	$(BIN)/python -m grader.bench.whole_class $(if $(SUBMISSIONS)$(MULTIPLIED),--submissions $(SUBMISSIONS)) \
	    $(foreach lesson,$(LESSON),--lesson $(lesson)) $(if $(MULTIPLIED),--multiplied $(MULTIPLIED))

bench-cluster: $(VENV)/.dev ## a class on 1, 2 and 4 workers of Dask's, and a simulation of 64: SUBMISSIONS=24 LESSON=1
	$(BIN)/python -m grader.bench.cluster $(if $(SUBMISSIONS),--submissions $(SUBMISSIONS)) $(ONE_LESSON)

bench-grading: $(VENV)/.dev ## what a child, a call and a lesson's properties cost, and the boundary's share
	$(BIN)/python -m grader.bench.grading $(ONE_LESSON)

bench-watch: $(VENV)/.dev ## how long a learner waits: from a save to a verdict, beside a cold check
	$(BIN)/python -m grader.bench.watch $(ONE_LESSON)

bench-nbgrader: $(VENV)/.dev ## the same submissions through plain nbgrader autograde and through ours
	$(BIN)/python -m grader.bench.nbgrader $(ONE_LESSON)

fuzz: $(VENV)/.fuzz ## hostile input, guided by coverage: ten minutes; TARGET=frames SECONDS=60 (for each) OUT=path INPUT=file
	$(BIN)/python tests/fuzz $(foreach target,$(TARGET),--target $(target)) $(if $(SECONDS),--seconds $(SECONDS)) \
	    $(if $(INPUT),--input "$(INPUT)") $(if $(filter file,$(origin OUT)),,--out "$(OUT)")

picture: ## the picture in README.md, from a report that `make grade` made (needs chromium)
	d=$$(mktemp -d); chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-background-networking \
	    --no-first-run --user-data-dir=$$d --force-device-scale-factor=1.5 --window-size=900,1150 \
	    --screenshot=.github/report.png "file://$$PWD/$(OUT)/$(or $(STUDENT),student-006)/index.html"; rm -rf $$d

.PHONY: site
site: $(VENV)/.site ## build the course's pages, with the films that are there, for a browser: OUT_SITE=path SITE_ADDRESS=https://…/
	$(BIN)/python -m grader.site --out "$(OUT_SITE)" --address "$(SITE_ADDRESS)"

clean: ## remove what make made
	rm -rf $(VENV) report site films

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

# Stamps: an environment that is up to date costs nothing the second time.
$(VENV)/bin/python:
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
	    found=$$($(or $(PYTHON),python3) --version 2>&1) || found='not there'; \
	    echo "make: $(or $(PYTHON),python3) is $$found; 3.11 or newer is needed. Name one: make ... PYTHON=python3.12" >&2; \
	    exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -f $@; exit 2; }

$(VENV)/.class: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python .ci/install.py '.[class]' $(PIP_FLAGS)
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python .ci/install.py '.[dev]' $(PIP_FLAGS)
	@touch $@ $(VENV)/.class $(VENV)/.site

$(VENV)/.site: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python .ci/install.py '.[site]' $(PIP_FLAGS)
	@touch $@

$(VENV)/.films: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(BIN)/python .ci/install.py '.[films]' $(PIP_FLAGS)
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	@$(BIN)/python .ci/install.py '.[dev,bench]' $(PIP_FLAGS)
	@touch $@

$(VENV)/.fuzz: $(VENV)/.dev
	@$(BIN)/python .ci/install.py '.[dev,fuzz]' $(PIP_FLAGS)
	@touch $@
