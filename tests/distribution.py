"""Which test runs in which process when several do (`pytest -n`)."""

from collections.abc import Iterable

from xdist.scheduler import LoadScopeScheduling

#: Pages are drawn in software by all cores: two browsers at once would starve each other.
TOGETHER = "tests/browser/"
#: What takes longest comes first, so that no process is left with it at the end.
LONGEST_FIRST = (TOGETHER, "tests/contract/", "tests/bim_pipeline/", "tests/twin/export/", "tests/assets/")


def unit_of(nodeid: str) -> str:
    """What a test runs together with: its file's tests share servers and models, as all browser tests do."""
    return TOGETHER if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]


def longest_first(nodeids: Iterable[str]) -> list[int]:
    """The places of tests in the order in which to run them; within a folder as it was."""
    return sorted(range(len(ids := list(nodeids))), key=lambda place: _rank(ids[place]))


def _rank(nodeid: str) -> int:
    ranks = (rank for rank, folder in enumerate(LONGEST_FIRST) if nodeid.startswith(folder))
    return next(ranks, len(LONGEST_FIRST))


class UnitScheduling(LoadScopeScheduling):
    """Gives each process one unit after another, in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
