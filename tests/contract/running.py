"""A real server in a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.ports import free_port

START_S = 150.0
END_S = 60.0
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class RunningServer:
    """A server that answers; `log` is where its stderr goes."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def websocket_url(self) -> str:
        """Where the live stream is."""
        return self.url.replace("http://", "ws://") + "/ws/live"

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it as a person would; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(END_S)


def environment() -> dict[str, str]:
    """This process's environment, without settings of the person who runs the tests; nothing is recorded."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TWIN_")}
    return inherited | {"TWIN_VIDEO": "false"}


@contextlib.contextmanager
def running_server(
    package: Path,
    log: Path,
    *options: str,
    port: int | None = None,
    variables: Mapping[str, str] | None = None,
    dev: bool = True,
) -> Iterator[RunningServer]:
    """Serve a package until the block ends; fails with the log when the server does not come up.

    `variables` are set in its environment, as a person sets `TWIN_...`. `dev`: nobody needs to sign in.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "twin.cli", "serve", str(package), "--port", str(port), *options]
    command += ["--dev"] if dev else []
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=ROOT, stderr=stderr, stdout=stderr, env=environment() | dict(variables or {})
        )
    server = RunningServer(f"http://127.0.0.1:{port}", log, process)
    try:
        _wait_until_up(server)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(END_S)


def _wait_until_up(server: RunningServer) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.url}/api/health", timeout=5).is_success:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not come up:\n{server.log.read_text()}")


def run_twin(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "twin.cli", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=150, env=environment()
    )
