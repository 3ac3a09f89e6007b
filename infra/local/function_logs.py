"""Appends the functions' logs to one file, so that people can read them and tests can search them."""

import threading
from pathlib import Path

from deploy import client
from emulator import Emulator

PAUSE_SECONDS = 0.3
# Each request begins a little before the newest line seen, because several functions log at the same time.
OVERLAP_MS = 5_000


class FunctionLogs:
    """Copies the functions' log groups into `path` until stopped; the last lines are copied on `stop`."""

    def __init__(self, emulator: Emulator, path: Path) -> None:
        self.logs = client(emulator, "logs")
        self.path = path
        self.seen: set[str] = set()
        self.newest: dict[str, int] = {}
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.follow, daemon=True)
        path.write_text("")

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join()

    def follow(self) -> None:
        while not self.stopped.wait(PAUSE_SECONDS):
            self.copy()
        self.copy()

    def copy(self) -> None:
        """Appends new lines."""
        with self.path.open("a") as file:
            for group in self.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
                name = group["logGroupName"]
                since = max(0, self.newest.get(name, 0) - OVERLAP_MS)
                for line in self.logs.filter_log_events(logGroupName=name, startTime=since)["events"]:
                    self.newest[name] = max(self.newest.get(name, 0), line["timestamp"])
                    identity = f"{line['logStreamName']} {line['timestamp']} {line['message']}"
                    if identity not in self.seen:
                        self.seen.add(identity)
                        file.write(f"{name.rsplit('-', 1)[-1]} {line['message']}\n")
