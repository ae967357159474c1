"""Real services for the tests, each started once on a free port."""

import getpass
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.palace import generate
from bim_pipeline.build import build_package


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_ready(pg_isready: Path, port: int, seconds: float = 30.0) -> None:
    """A server that listens may still be starting up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (
            subprocess.run([pg_isready, "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode
            == 0
        ):
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL is not ready on port {port} after {seconds:g} s")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL, without a database's name, of a PostgreSQL cluster made for this run."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.fail("PostgreSQL is missing; make test-packages installs it")
    folder = Path(tempfile.mkdtemp(prefix="twin-postgres-"))
    # PostgreSQL refuses to run as root.
    user = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []
    if user:
        shutil.chown(folder, "postgres")
    data, programs_folder, port = folder / "data", programs[-1].parent, free_port()
    locale = ("-E", "UTF8", "--locale=C")
    initdb = [str(programs_folder / "initdb"), "-D", str(data), "-U", "twin", "--auth=trust", "--no-sync"]
    subprocess.run([*user, *initdb, *locale], check=True, capture_output=True)
    postgres = [str(programs_folder / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder)]
    settings = ["-h", "127.0.0.1", "-c", "fsync=off"]
    server = subprocess.Popen([*user, *postgres, *settings], stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(programs_folder / "pg_isready", port)
        yield f"postgresql://twin@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def palace_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo venue's model package, generated and built once for the run."""
    folder = tmp_path_factory.mktemp("palace")
    generate(folder / "palace.ifc")
    build_package(folder / "palace.ifc", folder / "palace.twin")
    return folder / "palace.twin"
