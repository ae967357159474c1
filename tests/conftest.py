"""Real services and models for the tests, each started or made once; which test runs in which process."""

import getpass
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from assets.palace import generate
from bim_pipeline.build import build_package
from tests.distribution import UnitScheduling, longest_first
from tests.ports import free_port
from tests.shared import made_once, run_folder

ROOT = Path(__file__).parents[1]
FILES = ROOT.parent / "shared" / "ifc"
#: A test that needs the demo venue may have to wait until another process has built it, and one that starts
#: servers until a busy machine has started them.
LONG_TIMEOUT_S = 600
WITH_SERVERS = "tests/contract/"


# A busy machine is no fault of the code: no example of a property test has a time limit, and a request that
# says nothing of its own waits longer than httpx's five seconds.
# The same examples each time: what fails is what a change changed. `make explore` looks at others.
settings.register_profile("exploring", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", settings.get_profile("exploring"), derandomize=True)
settings.load_profile("steady")
for _wait in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, _wait, 60.0)


def pytest_configure(config: pytest.Config) -> None:
    """Each process has compiled code of its own: numba's cache bears no two that fill it at once."""
    os.environ.setdefault("TWIN_VIDEO", "false")  # the tests of recordings alone let servers record
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None:
        folder = ROOT / "var" / "numba" / worker
        for package in ("twin/film", "spatial"):
            _copy_compiled(ROOT / package, folder)
        os.environ["NUMBA_CACHE_DIR"] = str(folder)


def _copy_compiled(package: Path, folder: Path) -> None:
    """Begin with what setup has compiled, in the place where numba looks for it (numba.core.caching)."""
    to = folder / f"{package.name}_{hashlib.sha1(str(package).encode(), usedforsecurity=False).hexdigest()}"
    for file in (package / "__pycache__").glob("*.nb[ic]"):
        copy = to / file.name
        if not copy.exists() or copy.stat().st_mtime < file.stat().st_mtime:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests, and allow for the time that the demo venue and servers take."""
    items[:] = [items[place] for place in longest_first(item.nodeid for item in items)]
    for item in items:
        is_long = "palace_package" in getattr(item, "fixturenames", ()) or item.nodeid.startswith(
            WITH_SERVERS
        )
        if is_long and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LONG_TIMEOUT_S))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> UnitScheduling | None:
    """With `-n`, a file's tests stay together unless `--dist` says otherwise."""
    if config.getoption("dist") != "load":
        return None
    config.option.loadscopereorder = False
    return UnitScheduling(config, log)


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


def end_at_once(server: "subprocess.Popen[bytes]", pid_file: Path) -> None:
    """End a cluster that nobody needs again: without waiting for its clients, or for what changes user."""
    if pid_file.exists():
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    else:
        server.terminate()
    server.wait(20)


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
        end_at_once(server, data / "postmaster.pid")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def palace_ifc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo venue's model, generated once for the run."""
    return made_once(run_folder(tmp_path_factory), "palace.ifc", generate)


@pytest.fixture(scope="session")
def palace_package(palace_ifc: Path) -> Path:
    """The demo venue's model package, built once for the run; nobody writes to it."""
    return made_once(palace_ifc.parent, "palace.twin", lambda target: build_package(palace_ifc, target))


@pytest.fixture(scope="session")
def real_package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the package of a real model by its file's name, built once for the run; nobody writes to it.

    Skips the test where the file is absent.
    """
    folder = run_folder(tmp_path_factory)

    def package_of(name: str) -> Path:
        source = FILES / f"{name}.ifc"
        if not source.is_file():
            pytest.skip(f"{source.name} is not here")
        return made_once(folder, f"{name}.twin", lambda target: build_package(source, target, jobs=1))

    return package_of
