# Every target is one line in `make help`; each does its own set-up.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CASES ?= ../shared/cases
OUT ?= out

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## virtual environment and Debian packages (the other targets call it)

$(STAMP): requirements/dev.txt pyproject.toml tools/setup.sh
	@tools/setup.sh $(PYTHON) $(VENV)
	@touch $@

demo: $(STAMP) ## the main job on real Kubernetes (CONTEXT=kind-x, HANDS_FREE=1 OUT=dir, SIMULATED=1)
	@$(BIN)/python -m tools.demo --out "$(OUT)" $(if $(CONTEXT),--context "$(CONTEXT)") $(if $(HANDS_FREE),--hands-free) $(if $(SIMULATED),--simulated)

test: $(STAMP) ## all tests (what CI runs)
	@$(BIN)/python -m tools.tests

check: $(STAMP) ## lint, types, layers, unit tests: under a minute
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/pytest -q -n 2 tests/unit tests/architecture

bench: $(STAMP) ## ratios against kubectl, side by side in one run; downtime of a window
	@$(BIN)/python -m bench

prove: $(STAMP) ## the long proofs; results go to docs/proofs/
	@$(BIN)/python -m tools.prove

conformance: $(STAMP) ## what the reference implementations answered (CASES=folder)
	@$(BIN)/python -m tools.conformance "$(CASES)"

docs: $(STAMP) ## regenerate docs/reference
	@$(BIN)/python -m tools.reference

screens: $(STAMP) ## pictures of every page of the console for docs/screens (needs Chromium)
	@CHANGEOVER_SCREENS=docs/screens $(BIN)/pytest -q tests/browser/test_journey.py tests/browser/test_held.py tests/browser/test_bundles.py

image: $(STAMP) ## the product's own image as an OCI archive, without a container engine
	@$(BIN)/python -m tools.product_image --out "$(OUT)/changeover-image.tar"

LOCK := $(BIN)/uv pip compile -q --generate-hashes --no-emit-index-url --no-header --no-annotate --extra helm pyproject.toml
lock: ## renew the hashed requirements
	@$(LOCK) --extra dev -o requirements/dev.txt
	@$(LOCK) -c requirements/dev.txt -o requirements/runtime.txt

.PHONY: help setup demo test check bench prove conformance docs screens image lock
