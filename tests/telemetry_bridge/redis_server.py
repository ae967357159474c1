"""A real Redis for the tests."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.ports import free_port

REDIS = shutil.which("redis-server") or shutil.which("valkey-server")
WAIT_S = 20.0


class RedisServer:
    """A Redis process on a port of its own, which can be killed, frozen and started again.

    It keeps nothing on disk: after a restart it has forgotten everything.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert REDIS is not None, "install redis-server (Debian: apt-get install redis-server)"
        options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self._folder))
        self._process = subprocess.Popen(
            [REDIS, "--port", str(self.port), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            assert self._process.poll() is None, "redis-server does not start"
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), 1) as connection,
            ):
                connection.sendall(b"PING\r\n")
                if connection.recv(16).startswith(b"+PONG"):
                    return
            time.sleep(0.02)
        raise RuntimeError("redis-server does not answer")

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(WAIT_S)
            self._process = None

    def freeze(self) -> None:
        """Let it answer nothing while its connections stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
