"""What the smoke test saw: one line for each check, printed as it comes, and a JSON file to publish."""

import json
import re
import time
from pathlib import Path
from typing import Any

PASSED, FAILED, NOT_RUN = "passed", "FAILED", "NOT RUN"
# An account's number and ids of keys are nobody's business. Both are left out of the report.
PRIVATE = re.compile(r"\b\d{12}\b|\bA[KS]IA[A-Z0-9]{12,}\b|\bmh_\w+|\bmhi_\w+")


class NotRun(Exception):
    """This check cannot run here; the text says why."""


class Report:
    """The checks so far."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.started = time.monotonic()
        self.checks: list[dict[str, Any]] = []

    def check(self, name: str, expected: Any, seen: Any, passed: bool | None = None) -> None:
        """Notes a check. It passes if `seen` is `expected`, unless the caller has judged."""
        passed = seen == expected if passed is None else passed
        self.add(name, PASSED if passed else FAILED, expected, seen)

    def measure(self, name: str, seen: Any) -> None:
        """Notes a number that nobody judges."""
        self.add(name, "seen", "", seen)

    def not_run(self, name: str, reason: str) -> None:
        """Notes a check that did not run."""
        self.add(name, NOT_RUN, "", reason)

    def add(self, name: str, outcome: str, expected: Any, seen: Any) -> None:
        at = round(time.monotonic() - self.started)
        entry = {"check": name, "outcome": outcome, "expected": public(expected), "seen": public(seen), "second": at}
        self.checks.append(entry)
        wanted = f", expected {entry['expected']}" if outcome == FAILED else ""
        print(f"{at:5} s  {outcome:<8} {name}: {entry['seen']}{wanted}", flush=True)

    def count(self, outcome: str) -> int:
        return sum(check["outcome"] == outcome for check in self.checks)

    def finish(self, file: Path) -> bool:
        """Writes the file and prints the sums. Returns whether no check failed."""
        outcomes = {outcome: self.count(outcome) for outcome in (PASSED, FAILED, NOT_RUN)}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"where": self.where, "outcomes": outcomes, "checks": self.checks}, indent=2) + "\n")
        print(f"\n{outcomes[PASSED]} passed, {outcomes[FAILED]} failed, {outcomes[NOT_RUN]} did not run; see {file}")
        return outcomes[FAILED] == 0


def public(value: Any) -> str:
    """The value as a text that may be published."""
    return PRIVATE.sub("…", str(value))
