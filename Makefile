# Needs Rust, Python 3.10 or newer, and make. All other tools are installed into .local/ on first use.

PYTHON ?= python3
PORT ?= 4566
ARGS ?=
SEED ?= $(shell date +%s)
SECONDS ?= 480

.PHONY: help run demo test test-end-to-end soak isolation upgrade outage bench book deploy smoke rotate-data-key dispatch-again lint fmt clean

help: ## Lists the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

run: ## Builds, deploys on the local emulator, delivers a few events, and stays up until Ctrl-C
	@$(PYTHON) infra/local/run.py --port $(PORT) $(ARGS)

demo: ## Does what `run` does and ends; fails if an event did not arrive or is not listed
	@$(PYTHON) infra/local/run.py --port $(PORT) --once

test: ## Runs all tests: unit, property and room tests, end-to-end tests, and short fault and isolation suites
	cargo test --workspace --locked
	@$(MAKE) --no-print-directory test-end-to-end

# --workspace is given, because without it cargo would compile dependencies again with other features.
END_TO_END = $(PYTHON) infra/local/stack.py exec -- cargo test --workspace --locked --features suite/end-to-end

# The isolation suite has a stack of its own: what the fault suite leaves behind would delay its bystander.
test-end-to-end: ## Runs only the end-to-end tests and the short fault and isolation suites, on new stacks
	$(END_TO_END) --test end_to_end --test end_to_end_faults --test end_to_end_logs
	$(END_TO_END) --test end_to_end_isolation

soak: ## Runs the long fault suite (at most ten minutes; SECONDS=90 to 520; SEED= repeats the plan of a printed seed)
	$(END_TO_END) --test end_to_end_faults -- --seconds $(SECONDS) --seed $(SEED)

isolation: ## Measures what attacks of one tenant do to another (about 15 minutes; ARGS="--only keys --seconds 60")
	$(END_TO_END) --test end_to_end_isolation -- --all --seconds 30 $(ARGS)

upgrade: ## Mixes the functions of two releases under the fault suite (ARGS="--since v0.1.0"; the last tag or commit)
	@$(PYTHON) infra/local/upgrade.py $(ARGS)

bench: ## Measures sizes, start-up and memory of the functions, and calls and CPU time for one event
	@$(PYTHON) infra/local/bench.py $(ARGS)

outage: ## Measures how broken receivers slow down healthy ones (20,000 deliveries; of 200 webhooks 10 down, 10 slow)
	@$(PYTHON) infra/local/outage.py $(ARGS)

# mdBook is built with one feature. Its other features (a server, a watcher) would triple the code that is compiled.
MDBOOK_VERSION = 0.5.4
MDBOOK = .local/tools/mdbook-$(MDBOOK_VERSION)/bin/mdbook

book: $(MDBOOK) ## Builds the documents as a book in target/book
	$(MDBOOK) build docs

$(MDBOOK):
	cargo install --quiet --locked mdbook --version $(MDBOOK_VERSION) --no-default-features --features search \
		--root .local/tools/mdbook-$(MDBOOK_VERSION)

deploy: ## Deploys to the AWS account and region of the environment; see infra/deploy.py --help
	@$(PYTHON) infra/deploy.py $(ARGS)

smoke: ## Tries what only AWS can show, on a stack of its own in your account (ARGS=--emulator: without an account)
	@$(PYTHON) infra/smoke/smoke.py $(ARGS)

rotate-data-key: ## Generates a new data key for a deployed stack and encrypts all stored secrets with it
	@$(PYTHON) infra/rotate_data_key.py $(ARGS)

dispatch-again: ## Tries the events of a deployed stack's dispatch-failures queue again
	@$(PYTHON) infra/dispatch_again.py $(ARGS)

lint: ## Checks formatting, clippy, the code's documentation and the template
	cargo fmt --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	$(PYTHON) infra/local/validate.py

fmt: ## Formats the code
	cargo fmt

clean: ## Removes all build results and installed tools
	cargo clean
	rm -rf .local .aws-sam
