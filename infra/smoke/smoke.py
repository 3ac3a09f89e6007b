#!/usr/bin/env python3
"""Tries what only AWS can show, on a stack of its own, in about an hour; or, on the emulator, as much as it can show.

    smoke.py [--region NAME] [--profile NAME] [--budget DOLLARS] [--minutes N] [--keep] [--json FILE]
    smoke.py --emulator [--quick]

It deploys mailhooks and a receiver under the name mailhooks-smoke-<random>, tags everything, checks, prints one line
for each check, writes a report without ids and keys, and deletes what it made. --keep leaves everything. A check that
cannot run says why.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "local"), str(Path(__file__).resolve().parents[1])]

import tools

if __name__ == "__main__":
    tools.run_inside_environment("emulator" if "--emulator" in sys.argv else "build")

import argparse
import os
import secrets
import time
from collections.abc import Callable

import steps_deliveries
import steps_posts
import steps_stack
import steps_streams
import steps_trouble
from context import Context
from places import LOCAL
from report import NotRun, Report
from target import Aws, Emulated

# What the requests, logs and alarms of one run cost at most; most of it is the KMS key's share of a week.
EXPECTED_DOLLARS = 0.60

Step = Callable[[Context], None]

BEFORE: list[Step] = [steps_stack.account, steps_stack.deployment]
# Steps that take minutes on the emulator and show there what other tests show already are not in --quick.
STEPS: list[tuple[Step, bool]] = [
    (steps_deliveries.hidden_wait, True), (steps_stack.wrong_keys, True), (steps_stack.versions, True),
    (steps_posts.providers, True), (steps_posts.odd_requests, True), (steps_posts.sizes, True),
    (steps_posts.batches, True), (steps_deliveries.long_chain, False), (steps_deliveries.dead_letters, True),
    (steps_deliveries.recovery_pages, False), (steps_deliveries.breaker, False), (steps_trouble.unreadable_row, True),
    (steps_trouble.refusals_of_iam, True), (steps_streams.stream, True),
    (steps_trouble.disabled_key, True), (steps_trouble.load, True),
    (steps_deliveries.hidden_wait_ends, True), (steps_trouble.metrics, True),
]
AFTER: list[Step] = [steps_stack.created_again]
# Parts of the plan that no step has.
UNWRITTEN = {
    "hops of 12 hours, records of 20 hours, TTL, key rotation, growing quotas": "they take longer than an hour",
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--region", help="in place of AWS_REGION")
    parser.add_argument("--profile", help="in place of AWS_PROFILE")
    parser.add_argument("--budget", type=float, default=1.0, help="dollars that the run may cost (1)")
    parser.add_argument("--minutes", type=float, default=75, help="after this time no further step begins (75)")
    parser.add_argument("--keep", action="store_true", help="delete nothing")
    parser.add_argument("--json", type=Path, default=LOCAL / "smoke.json", help="the report (.local/smoke.json)")
    parser.add_argument("--emulator", action="store_true", help="run on the emulator, without an account")
    parser.add_argument("--quick", action="store_true", help="on the emulator: only the short steps")
    arguments = parser.parse_args()
    if arguments.emulator:
        from stack import Stack, end_on_signals

        end_on_signals()
        with Stack(0, "smoke") as stack:
            report = Report("emulator")
            run(Context(Emulated(stack.description), report), arguments)
        return 0 if report.finish(arguments.json) else 1
    if arguments.budget < EXPECTED_DOLLARS:
        raise SystemExit(f"a run costs about {EXPECTED_DOLLARS} dollars, and the budget is {arguments.budget}")
    from account import settle_region

    if arguments.profile:
        os.environ["AWS_PROFILE"] = arguments.profile
    region = settle_region(arguments.region)
    name = f"mailhooks-smoke-{secrets.token_hex(3)}"
    print(f"the stack is {name} in {region}; it costs about {EXPECTED_DOLLARS} dollars and takes about an hour")
    report = Report(region)
    run(Context(Aws(name, region), report), arguments)
    return 0 if report.finish(arguments.json) else 1


def run(context: Context, arguments: argparse.Namespace) -> None:
    """Runs the steps and deletes what they made, even after Ctrl-C. A failed step does not end the others."""
    last = time.monotonic() + 60 * arguments.minutes
    try:
        if all([carried_out(context, step) for step in BEFORE]):
            context.open()
            for step, is_quick in STEPS:
                if time.monotonic() > last:
                    context.report.not_run(named(step), "the time is up")
                elif arguments.quick and not is_quick:
                    context.report.not_run(named(step), "left out by --quick")
                else:
                    carried_out(context, step)
        for name, reason in UNWRITTEN.items():
            context.report.not_run(name, reason)
    finally:
        steps_stack.end(context, arguments.keep)
        if context.target.is_aws and not arguments.keep:
            carried_out(context, AFTER[0])
            context.receiver = None
            steps_stack.end(context, keep=False)
        elif not context.target.is_aws:
            carried_out(context, AFTER[0])


def carried_out(context: Context, step: Step) -> bool:
    """Runs a step. Returns whether the steps after it make sense."""
    try:
        step(context)
    except NotRun as reason:
        context.report.not_run(named(step), str(reason))
    except Exception as error:  # The other steps and the deletion go on.
        context.report.check(named(step), "no error", f"{type(error).__name__}: {error}"[:500])
        return False
    return True


def named(step: Step) -> str:
    return step.__name__.replace("_", " ")


if __name__ == "__main__":
    sys.exit(main())
