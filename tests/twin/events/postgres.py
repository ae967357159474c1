"""A PostgreSQL cluster that may crash: of its own, and with fsync as people run it."""

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import wait_until_ready
from tests.ports import free_port


class Cluster:
    """Its files outlive its processes."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs, self._port = folder, programs, free_port()
        self._data = folder / "data"
        # PostgreSQL refuses to run as root.
        self._user = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []
        if self._user:
            shutil.chown(folder, "postgres")
        initdb = [str(programs / "initdb"), "-D", str(self._data), "-U", "twin", "--auth=trust", "--no-sync"]
        subprocess.run([*self._user, *initdb, "-E", "UTF8", "--locale=C"], check=True, capture_output=True)
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://twin@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Run it, and wait until it answers; after a crash it recovers first."""
        command = [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self._port)]
        settings = ["-k", str(self._folder), "-h", "127.0.0.1"]
        self._server = subprocess.Popen([*self._user, *command, *settings], stderr=subprocess.DEVNULL)
        wait_until_ready(self._programs / "pg_isready", self._port, seconds=120)

    def crash(self) -> None:
        """End it at once, without writing anything more: as an outage would, but for the kernel's caches."""
        assert self._server is not None
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        self._server.wait(60)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster that runs until the block ends."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.fail("PostgreSQL is missing; make test-packages installs it")
    folder = Path(tempfile.mkdtemp(prefix="twin-events-postgres-"))
    try:
        made = Cluster(folder, programs[-1].parent)
        made.start()
        try:
            yield made
        finally:
            made.crash()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
