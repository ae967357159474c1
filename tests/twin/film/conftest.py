"""The first test of a process may have to compile the film's loops, on a machine that does much else."""

from pathlib import Path

import pytest

COMPILING_TIMEOUT_S = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow for the time that compiling takes."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(COMPILING_TIMEOUT_S))
