"""What is costly to make and only read: made once for all the processes that run tests."""

import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest


def run_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of one run of pytest share."""
    own = factory.getbasetemp()
    # A worker's folder lies in the run's: https://pytest-xdist.readthedocs.io/en/stable/how-to.html
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(folder: Path, name: str, make: Callable[[Path], object]) -> Path:
    """`folder/name`, made by the first who asks; `make` gets the path to write to, a file or a folder.

    Others wait meanwhile. What fails leaves nothing, and the next who asks tries again.
    """
    target = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=folder) as workshop:
                made = Path(workshop) / name
                make(made)
                made.rename(target)
    return target
