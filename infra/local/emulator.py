"""The AWS emulator: one process group on one port, which ends with this process."""

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

# Maximum time to start. It is long because a busy machine is slow; an emulator that ends by itself is noticed at once.
START_SECONDS = 300
HEALTH_SECONDS = 30
STOP_SECONDS = 5
# Maximum number of ports to try, because another process may take a port that was free.
TRIES = 5
PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """A port on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Emulator:
    """An emulator that starts with empty state. `stop` ends it and every function process that it started."""

    def __init__(self, port: int, name: str) -> None:
        """An emulator on `port`, with its files in `.local/<name>`. 0 stands for any port that is free at its start."""
        self.wanted_port = port
        self.port = port
        self.folder = LOCAL / name
        self.log = self.folder / "emulator.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """The emulator's URL, after its start."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the emulator and waits until it answers. Exits with advice if the port is taken."""
        for _ in range(1 if self.wanted_port else TRIES):
            self.port = self.wanted_port or free_port()
            if self.answers():
                return
        raise SystemExit(f"the emulator did not start:\n{self.log.read_text()[-2000:]}")

    def answers(self) -> bool:
        """Starts the emulator on its port. Returns whether it is up; it ends if another process has taken the port."""
        if listens(self.port):
            raise SystemExit(f"port {self.port} is taken; stop what listens there or choose another with PORT=")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        # Isolated, so that the emulator does not import our files instead of modules of the same names.
        command = [str(environment("emulator") / "bin" / "python"), "-I", str(HERE / "emulator_process.py")]
        with self.log.open("wb") as log:
            # A separate session: Ctrl-C reaches only this process, and one signal to the group ends the functions too.
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
        """Ends the emulator and all processes in its group."""
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
        """The emulator's whole environment, which functions inherit, without the user's account and proxies."""
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
            # How many invocations the emulated account may run at the same time; more are throttled.
            **{name: os.environ[name] for name in ["LAMBDA_ACCOUNT_CONCURRENCY"] if name in os.environ},
            **CREDENTIALS,
        }


# Credentials that the emulator accepts.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def end_with_parent() -> None:
    """Asks Linux to end the emulator when this process dies without stopping it, even by SIGKILL."""
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
