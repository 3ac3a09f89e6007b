# Everything here needs Rust, Python 3.10 or newer, and make. The rest is installed into .local/ on first use.

PYTHON ?= python3
PORT ?= 4566
ARGS ?=
SEED ?= $(shell date +%s)
SECONDS ?= 480

.PHONY: help run demo test test-end-to-end soak outage bench deploy rotate-data-key lint fmt clean

help: ## Lists what make can do
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | column -t -s '|'

run: ## Builds, deploys on the local emulator, shows events being delivered, and stays up until Ctrl-C
	@$(PYTHON) infra/local/run.py --port $(PORT) $(ARGS)

demo: ## The same, but ends after the demonstration; fails if something did not arrive or is not listed
	@$(PYTHON) infra/local/run.py --port $(PORT) --once

test: ## Unit, property and room tests, then the end-to-end tests of the deployed template and a short fault suite
	cargo test --workspace --locked
	@$(MAKE) --no-print-directory test-end-to-end

# With --workspace, so that no dependency is compiled again with other features.
END_TO_END = $(PYTHON) infra/local/stack.py exec -- cargo test --workspace --locked --features tests/end-to-end

test-end-to-end: ## Only the end-to-end tests, on a fresh stack that they get for themselves
	$(END_TO_END) --test end_to_end --test end_to_end_faults --test end_to_end_logs

soak: ## The long fault suite, ten minutes at most; SECONDS=80 to 520 and SEED= as printed to repeat a plan
	$(END_TO_END) --test end_to_end_faults -- --seconds $(SECONDS) --seed $(SEED)

bench: ## Sizes, start-up, memory, the cost ledger and what reading an event takes, as tables and as JSON
	@$(PYTHON) infra/local/bench.py $(ARGS)

outage: ## What broken receivers do to healthy ones: 20,000 deliveries, 10 of 200 webhooks down and 10 slow
	@$(PYTHON) infra/local/outage.py $(ARGS)

deploy: ## Deploys to the AWS account and region of the environment; see infra/deploy.py --help
	@$(PYTHON) infra/deploy.py $(ARGS)

rotate-data-key: ## Makes a new data key for a deployed stack and encrypts all stored secrets with it
	@$(PYTHON) infra/rotate_data_key.py $(ARGS)

lint: ## Formatting, clippy, docs and the template
	cargo fmt --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	$(PYTHON) infra/local/validate.py

fmt: ## Formats the code
	cargo fmt

clean: ## Removes everything that was built or installed here
	cargo clean
	rm -rf .local .aws-sam
