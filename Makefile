# SocialSent. `make` lists the targets. Every target installs what it needs; nothing else is needed than Python 3.11 or 3.12.
SHELL := /bin/sh
.DEFAULT_GOAL := help

EVENTS ?= 20000
HOURS  ?= 24
SEED   ?= 7
PORT   ?= 3000
JOBS   ?= 2

BIN := .venv/bin
ifdef COMPUTE
export SOCIALSENT_COMPUTE := $(COMPUTE)
endif
export SOCIALSENT_HOME ?= $(CURDIR)/.socialsent

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install ## simulate a feed, build the whole graph, write the report   (EVENTS=20000 HOURS=24 SEED=7 COMPUTE=auto|process|spark)
	@$(BIN)/socialsent run --events $(EVENTS) --hours $(HOURS) --seed $(SEED)

ui: install ## Dagster UI, daemon and a continuous feed, until Ctrl-C   (PORT=3000)
	@exec $(BIN)/socialsent ui --port $(PORT)

dashboard: install ## the marts as a live page, until Ctrl-C   (PORT=3010)
	@exec $(BIN)/socialsent dashboard --open $(if $(filter-out 3000,$(PORT)),--port $(PORT))

docs: install ## dbt docs site, built and served until Ctrl-C   (PORT=3000)
	@exec $(BIN)/socialsent docs --port $(PORT)

test: check ## the default test suite, and every static check before it
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not slow and not aws"

test-slow: install-dev ## the long suites: fuzzing, faults, big histories
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "slow and not aws"

test-aws: install-dev lambdas wheel airflow witnesses ## everything of AWS that can run without an account
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m aws

lambdas: install-dev ## the Lambdas' zips and their layer, in build/lambdas
	$(BIN)/python -m infra.packaging lambdas

wheel: install-dev ## the package as a wheel, for Glue, in build/wheels
	$(BIN)/python -m infra.packaging wheel

synth: lambdas wheel ## the CloudFormation templates, in build/cdk.out   (SIZE=small)
	$(BIN)/python -m infra.app

airflow: install-dev ## environments with the two Airflows of MWAA, for tests
	@scripts/airflow_environments.sh

witnesses: install-dev ## software of other people that tests hold this project against, in build/witnesses
	@scripts/witnesses.sh

check: install-dev ## format, lint, types, import contracts, dbt parsing, SQL lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dbt parse --quiet --project-dir dbt_project --profiles-dir dbt_project --target local
	$(BIN)/sqlfluff lint --nocolor --processes 1 dbt_project/models dbt_project/tests

browser: ## Debian's Chromium, for the tests that drive a browser; they skip without it
	@command -v chromium >/dev/null 2>&1 || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }

# SEED has a default for `make run`; here only one that was given counts.
faults: install-dev ## seeded faults against the whole protocol, 300 schedules; SEED=n alone replays one   (SCHEDULES=10000 SEED=n ARGS=)
	@$(BIN)/python -m tests.faults $(if $(SCHEDULES),--schedules $(SCHEDULES)) \
		$(if $(filter command environment,$(origin SEED)),--seed $(SEED)) $(ARGS)

mutants: install-dev ## tests against changed code, slow: which changes no test notices   (ARGS="--sample 100 --seed 1")
	$(BIN)/python scripts/mutants.py $(ARGS)

format: install-dev ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The day takes 40 minutes on its own, the live minute 13 and a machine that does nothing else.
bench: install-dev ## every benchmark but those of the UI: ours and the peers in one run, as ratios
	@for script in $(filter-out benchmarks/day_of_ui.py benchmarks/live_minute.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

day: install-dev ## memory and storage of `make ui` over a simulated day, in 40 minutes   (ARGS="--hours 2")
	$(BIN)/python benchmarks/day_of_ui.py $(ARGS)

install: ## only install
	@scripts/bootstrap.sh run

install-dev:
	@scripts/bootstrap.sh dev

clean: ## remove what was built, keep $SOCIALSENT_HOME
	rm -rf build dbt_project/target dbt_project/logs .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help run ui dashboard docs test test-slow test-aws check browser format bench day faults mutants lambdas wheel synth airflow witnesses install install-dev clean
