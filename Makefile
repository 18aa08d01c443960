# Everything lives in .venv; nothing is installed elsewhere.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup run test test-fast check bench bench-kafka bench-gateway soak docs clean

setup: .venv/.installed-dev

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/.installed-dev: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev,gateway,local-kafka,report,stream]'
	touch $@ .venv/.installed

# A machine without one can still run the other tests, but CI must have it.
.venv/.browser: .venv/.installed-dev
	$(BIN)/python -m tools.install_browser && touch $@ || test -z "$$CI"

run: .venv/.installed  ## replay the shipped example and show its hits
	@$(BIN)/anpr replay --config deploy/example/config.toml --alerts deploy/example/alerts.jsonl \
	  --reads deploy/example/reads.jsonl.gz --verdicts deploy/example/verdicts.jsonl --table

test: .venv/.installed-dev .venv/.browser  ## all tests
	$(BIN)/python -m pytest -n 2

test-fast: .venv/.installed-dev  ## unit tests, cases over files and properties, with fewer examples; under a minute
	$(BIN)/python -m pytest -q -n 2 tests/unit tests/cases tests/properties -m "not kafka" --hypothesis-profile fast

check: .venv/.installed-dev  ## style, types, the import contract, generated files, retired words
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.generate --check
	$(BIN)/python -m tools.check_words

docs: .venv/.installed-dev  ## write the generated files anew: schemas and the configuration's reference
	$(BIN)/python -m tools.generate

bench: .venv/.installed-dev  ## the figures, as a table
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.kafka gateway

bench-kafka: .venv/.installed-dev  ## the figures on a real Kafka, beside two peers; about 40 minutes
	$(BIN)/python -m tests.bench.kafka

bench-gateway: .venv/.installed-dev  ## the gateway's figures on a real Kafka; about 5 minutes
	$(BIN)/python -m tests.bench.kafka gateway

soak: .venv/.installed-dev  ## workers killed 200 times, and more; other traffic each time
	ANPR_SOAK=1 $(BIN)/python -m pytest -m chaos -s tests/chaos

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
