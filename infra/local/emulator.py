"""The AWS emulator: one process group of ours on one port, gone when we are."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from places import HERE, LOCAL, REGION
from tools import environment

# Only what hangs is given up: one that ends by itself is noticed at once, and a busy machine takes its time.
START_SECONDS = 300
HEALTH_SECONDS = 30
STOP_SECONDS = 5
# How often another port is tried when somebody else took the one that was free.
TRIES = 5
PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """A running emulator with empty state. `stop` ends it with every function process that it started."""

    def __init__(self, port: int, name: str) -> None:
        """One for `port`, which keeps its files in `.local/<name>`. 0: for whichever port is free when it starts."""
        self.wanted_port = port
        self.port = port
        self.folder = LOCAL / name
        self.log = self.folder / "emulator.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Where it listens, once it was started."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it and waits until it answers. Exits with what to do when the port is taken."""
        for _ in range(1 if self.wanted_port else TRIES):
            self.port = self.wanted_port or free_port()
            if self.answers():
                return
        raise SystemExit(f"the emulator did not start:\n{self.log.read_text()[-2000:]}")

    def answers(self) -> bool:
        """Starts it on its port; answers whether it is up in the end. It ends when somebody else has taken the port."""
        if listens(self.port):
            raise SystemExit(f"port {self.port} is taken; stop what listens there or choose another with PORT=")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        # Isolated, so that our own files do not stand in for modules that the emulator imports.
        command = [str(environment("emulator") / "bin" / "python"), "-I", str(HERE / "emulator_process.py")]
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C reaches only us, and one signal to the group ends the functions as well.
            self.process = subprocess.Popen(
                command, env=self.variables(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=end_with_parent,
            )
        deadline = time.monotonic() + START_SECONDS
        while not healthy(self.endpoint):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                return False
            time.sleep(0.1)
        return True

    def stop(self) -> None:
        """Ends it and everything in its group."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None

    def variables(self) -> dict[str, str]:
        """The emulator's whole environment, which functions inherit: nothing of the user's account or proxies."""
        temporary = self.folder / "tmp"
        temporary.mkdir()
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(temporary),
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            **CREDENTIALS,
        }


# What the emulator takes from anyone.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def end_with_parent() -> None:
    """Asks Linux to end the emulator when we die without saying so, even by SIGKILL."""
    if Path("/proc/self").exists():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def healthy(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=HEALTH_SECONDS) as answer:
            return answer.status == 200
    except OSError:
        return False
