# Every target sets up .venv by itself from the pinned constraints; nothing else is needed than Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup test test-slow lint types check benchmark speed clean

setup: $(STAMP)

$(STAMP): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 -q

test-slow: $(STAMP)
	$(BIN)/python -m pytest -q -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

check: test lint types

benchmark: $(STAMP)
	$(BIN)/semverse benchmark

speed: $(STAMP)
	$(BIN)/python -m semverse.scripts.speed

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache
