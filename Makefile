# The tasks of a contributor; `make` lists them.
BIN := .venv-dev/bin

.PHONY: help environment test golden lint format types check oracle clean

help:  ## list the tasks
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

environment: $(BIN)/gradlint  ## make .venv-dev, with all the tools

$(BIN)/gradlint: pyproject.toml
	python3 -m venv .venv-dev
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

test: environment  ## run the tests
	$(BIN)/python -m pytest -n auto

golden: environment  ## write tests/golden/ and docs/rules/ anew; read the difference
	$(BIN)/python -m pytest -q --update-golden tests/test_reporters.py tests/test_graphs.py tests/test_docs.py

lint: environment  ## ruff, both parts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: environment  ## let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: environment  ## mypy, strictly
	$(BIN)/mypy --strict gradlint

check: test lint types  ## all that must pass

oracle: environment  ## run the fixtures under PyTorch
	$(BIN)/pip install --quiet torch==2.13.0 numpy
	$(BIN)/python -m pytest -n auto tests/oracle

clean:  ## remove environments and caches
	rm -rf .venv-dev .venv-test .venv-try .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
