# Needs Rust, Python 3.10 or newer, and make. All other tools are installed into .local/ on first use.

PYTHON ?= python3
PORT ?= 4566
ARGS ?=
SEED ?= $(shell date +%s)
SECONDS ?= 480

.PHONY: help run demo test test-end-to-end soak outage bench book deploy rotate-data-key lint fmt clean

help: ## Lists what make can do
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

run: ## Builds, deploys on the local emulator, shows events being delivered, and stays up until Ctrl-C
	@$(PYTHON) infra/local/run.py --port $(PORT) $(ARGS)

demo: ## As run, but ends after the demonstration; fails if an event did not arrive or is not listed
	@$(PYTHON) infra/local/run.py --port $(PORT) --once

test: ## Unit, property and room tests, then the end-to-end tests of the deployed template and a short fault suite
	cargo test --workspace --locked
	@$(MAKE) --no-print-directory test-end-to-end

# --workspace, because without it dependencies would be compiled again with other features.
END_TO_END = $(PYTHON) infra/local/stack.py exec -- cargo test --workspace --locked --features suite/end-to-end

test-end-to-end: ## Only the end-to-end tests, on a new stack
	$(END_TO_END) --test end_to_end --test end_to_end_faults --test end_to_end_logs

soak: ## The long fault suite, at most ten minutes; SECONDS=80 to 520; SEED= repeats the plan of a printed seed
	$(END_TO_END) --test end_to_end_faults -- --seconds $(SECONDS) --seed $(SEED)

bench: ## Sizes, start-up, memory, calls and CPU time for one event, as tables and as JSON
	@$(PYTHON) infra/local/bench.py $(ARGS)

outage: ## How broken receivers slow down healthy ones: 20,000 deliveries, 10 of 200 webhooks down and 10 slow
	@$(PYTHON) infra/local/outage.py $(ARGS)

# Of the pinned version only. Its other features (a server, a watcher) would triple what is compiled.
MDBOOK_VERSION = 0.5.4
MDBOOK = .local/tools/mdbook-$(MDBOOK_VERSION)/bin/mdbook

book: $(MDBOOK) ## Builds the documents as a book in target/book
	$(MDBOOK) build docs

$(MDBOOK):
	cargo install --quiet --locked mdbook --version $(MDBOOK_VERSION) --no-default-features --features search \
		--root .local/tools/mdbook-$(MDBOOK_VERSION)

deploy: ## Deploys to the AWS account and region of the environment; see infra/deploy.py --help
	@$(PYTHON) infra/deploy.py $(ARGS)

rotate-data-key: ## Generates a new data key for a deployed stack and encrypts all stored secrets with it
	@$(PYTHON) infra/rotate_data_key.py $(ARGS)

lint: ## Formatting, clippy, docs and the template
	cargo fmt --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	$(PYTHON) infra/local/validate.py

fmt: ## Formats the code
	cargo fmt

clean: ## Removes all build results and installed tools
	cargo clean
	rm -rf .local .aws-sam
