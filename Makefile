# make demo: the live twin of the demo venue on http://127.0.0.1:8000
# make test: everything that is checked before a change lands

SHELL := /bin/bash
PORT ?= 8000
PY := .venv/bin/python
# Processes that run Python's tests: one more than cores, for many wait; few enough for the memory of what they build.
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 3 ? n + 1 : 4)))
# The viewer's tools run on the machine's Node, or on the one that setup put into .venv.
NODE_PATH_PREFIX := export PATH="$(CURDIR)/.venv/node:$$PATH";

.PHONY: setup demo test test-slow explore lint test-python test-viewer test-packages generate lock clean

setup:
	@scripts/setup.sh

demo: setup
	@.venv/bin/twin demo --port $(PORT)

test: test-packages setup
	@MAKE="$(MAKE)" scripts/side-by-side.sh test-python lint test-viewer

test-packages:
	@scripts/debian-packages.sh

test-python:
	$(PY) -m pytest -m "not slow" -n $(WORKERS)

test-slow: test-packages setup
	$(PY) -m pytest -m slow

# Property tests with examples that nobody has tried: what they find becomes an @example.
ROUNDS ?= 10
explore: test-packages setup
	for round in $$(seq $(ROUNDS)); do \
		$(PY) -m pytest -m "hypothesis and not slow" --hypothesis-profile exploring -n $(WORKERS) || exit 1; \
	done

test-viewer:
	@$(NODE_PATH_PREFIX) cd web_viewer && npm test --silent

lint:
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	@$(NODE_PATH_PREFIX) cd web_viewer && npm run --silent lint

# Rewrites what is generated from the Python side: the wire decoder, the API's types, the device table.
generate:
	$(PY) -m telemetry_bridge.generate_typescript
	$(PY) -m twin.openapi > web_viewer/src/generated/openapi.json
	@$(NODE_PATH_PREFIX) cd web_viewer && npm run --silent generate
	$(PY) -m assets.palace.devices --write-csv

lock:
	.venv/bin/pip-compile --quiet --extra dev --extra notebook --extra parquet --extra video --allow-unsafe --generate-hashes --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements.lock pyproject.toml
	.venv/bin/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file requirements-node.lock requirements-node.in

clean:
	rm -rf var web_viewer/dist .mypy_cache .ruff_cache .pytest_cache
