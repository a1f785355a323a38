# Everything a person types. Needs Python 3.11+ and make; the rest is fetched into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
READY := $(VENV)/.ready
TRAIN := .venv-train
TRAIN_READY := $(TRAIN)/.ready
FIND_LINKS = $(addprefix --find-links=,$(shell $(BIN)/python -m pip config get global.find-links 2>/dev/null))

.DEFAULT_GOAL := help
.PHONY: help demo demo-shop demo-data demo-fly test test-training test-unit check fix bench eval-sizer eval-shop requirements clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

$(READY): requirements/dev.txt requirements/uv.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mainspring needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes -r requirements/dev.txt
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

# What trains has an environment of its own, as torch is large; the processor's build of it, where pip finds one or uv does.
$(TRAIN_READY): requirements/train.txt requirements/train-torch.txt | $(READY)
	$(UV) venv --quiet --clear --python $(BIN)/python $(TRAIN)
	$(UV) pip install --quiet --python $(TRAIN)/bin/python --no-deps --require-hashes -r requirements/train.txt
	$(UV) pip install --quiet --python $(TRAIN)/bin/python --no-deps $(or $(FIND_LINKS),--torch-backend=cpu) -r requirements/train-torch.txt
	$(UV) pip install --quiet --python $(TRAIN)/bin/python --no-deps -e .
	touch $@

demo: $(READY)  ## a ReAct agent sizes GPU memory on the embedded model
	$(BIN)/mainspring models pull qwen2.5-coder-1.5b
	$(BIN)/mainspring run apps/gpu_sizer "How many H100 80GB do I need to serve Llama-3.1-70B in bf16 at 32k context for 16 users?"

demo-shop: $(READY)  ## a team of agents sells furniture on the embedded model; asks before it orders
	$(BIN)/mainspring models pull qwen2.5-coder-1.5b
	$(BIN)/python -m apps.storefront.demo

demo-data: $(READY)  ## training data of the shipped documents, on the embedded model; some minutes
	$(BIN)/mainspring models pull qwen2.5-coder-1.5b
	$(BIN)/mainspring data build examples/documents --out demo-data --eval examples/documents-eval.jsonl --sample 1 --passage-tokens 250 --rounds 1 --questions 12 --controls 8
	$(BIN)/mainspring data check demo-data

demo-fly: $(TRAIN_READY)  ## the embedded model teaches one of a tenth its size, which joins the pool if it passes; long
	$(TRAIN)/bin/mainspring models pull qwen2.5-coder-1.5b smollm2-135m
	mkdir -p demo-fly
	$(TRAIN)/bin/python -m apps.frontdesk.requests train 1 > demo-fly/requests.jsonl
	$(TRAIN)/bin/python -m apps.frontdesk.requests held_out 1 > demo-fly/held_out.jsonl
	$(TRAIN)/bin/mainspring fly --agent apps/frontdesk --student smollm2-135m --out demo-fly --pool frontdesk --requests demo-fly/requests.jsonl --suite demo-fly/held_out.jsonl --general apps/frontdesk/general.jsonl --rehearsal apps/frontdesk/rehearsal.jsonl --where finished --job apps/frontdesk/job.toml

test: $(READY) check  ## everything: style, types, architecture, unit and end-to-end tests
	$(BIN)/mainspring models pull qwen2.5-coder-1.5b smollm2-135m
	$(BIN)/pytest
	$(MAKE) test-training

test-training: $(TRAIN_READY)  ## what needs torch, in the environment that trains
	$(TRAIN)/bin/python -m pytest --confcutdir=tests/training tests/training

test-unit: $(READY)  ## the fast tests, no model needed
	$(BIN)/pytest -m "not real_model and not training"

check: $(READY)  ## style, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY)  ## format, and mend what can be mended by machine
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## overhead per agent step, start-up time, cost of the journal, of a model call and of the gateway
	$(BIN)/python -m benchmarks.step_overhead
	$(BIN)/python -m benchmarks.start_up
	$(BIN)/python -m benchmarks.journal
	$(BIN)/python -m benchmarks.client
	$(BIN)/python -m benchmarks.gateway
	$(BIN)/python -m benchmarks.teams

eval-sizer: $(READY)  ## twenty sizing questions with known answers, on the embedded model
	$(BIN)/mainspring models pull qwen2.5-coder-1.5b
	$(BIN)/python -m apps.gpu_sizer.evaluate

eval-shop: $(READY)  ## forty conversations with the shop, checked in its database, on the embedded model
	$(BIN)/mainspring models pull qwen2.5-coder-1.5b
	$(BIN)/python -m apps.storefront.evaluate --out eval-shop.jsonl --resume

requirements: $(UV)  ## compile the pinned requirements anew
	$(UV) pip compile pyproject.toml --group dev --extra all --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --quiet --custom-compile-command "make requirements" -o requirements/dev.txt
	$(UV) pip compile pyproject.toml requirements/train.in --extra local --extra train --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-package torch --quiet --custom-compile-command "make requirements" $(FIND_LINKS) -o requirements/train.txt
	echo uv | $(UV) pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --quiet --custom-compile-command "make requirements" -o requirements/uv.txt

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt

clean:  ## remove everything that was made here (the models stay in the user's cache)
	rm -rf $(VENV) $(TRAIN) .venv-peers .venv-litellm dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
