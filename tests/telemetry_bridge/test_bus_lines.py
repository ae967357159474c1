"""Lines shared among workers: evenly, at rest, and with few changes of hands."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.bus import LineReport, ProcessReport
from telemetry_bridge.bus_lines import lines_of, share_of, shared_out
from telemetry_bridge.ports import Health

WORKERS = st.sampled_from("ABCDE")
LINES = st.frozensets(st.sampled_from("abcdefghij"))
SOMEBODY = st.dictionaries(st.sampled_from("abcdefghij"), st.sampled_from("ABCDEX"))


def told(line: str, worker: str, token: int = 1) -> LineReport:
    return LineReport(line, "modbus", worker, True, False, Health(True, "up"), token=token)


@given(st.dictionaries(WORKERS, LINES), SOMEBODY)
def test_every_line_has_a_worker_that_can_hold_it_and_stays_there(
    able: dict[str, frozenset[str]], holders: dict[str, str]
) -> None:
    shared = shared_out(able, holders)
    assert set(shared) == {line for each in able.values() for line in each}
    assert all(line in able[worker] for line, worker in shared.items())
    assert shared_out(able, shared) == shared


@given(st.frozensets(WORKERS, min_size=1), LINES, SOMEBODY)
def test_workers_that_can_all_do_the_same_have_as_many_lines_as_each_other(
    workers: frozenset[str], lines: frozenset[str], holders: dict[str, str]
) -> None:
    shared = shared_out(dict.fromkeys(sorted(workers), lines), holders)
    loads = [Counter(shared.values())[worker] for worker in workers]
    assert sum(loads) == len(lines)
    assert max(loads) - min(loads) <= 1


@given(st.frozensets(WORKERS, min_size=1), LINES, SOMEBODY)
def test_no_line_leaves_a_worker_that_has_no_more_than_its_share(
    workers: frozenset[str], lines: frozenset[str], holders: dict[str, str]
) -> None:
    shared = shared_out(dict.fromkeys(sorted(workers), lines), holders)
    for worker in workers:
        held = {line for line in lines if holders.get(line) == worker}
        kept = {line for line in held if shared[line] == worker}
        assert len(kept) >= min(len(held), len(lines) // len(workers))


def test_who_joins_gets_its_share_and_who_dies_leaves_it() -> None:
    lines = frozenset("abcd")
    alone = shared_out({"A": lines}, {})
    assert alone == dict.fromkeys("abcd", "A")
    both = shared_out({"A": lines, "B": lines}, alone)
    assert both == {"a": "A", "b": "A", "c": "B", "d": "B"}
    assert shared_out({"A": lines, "B": lines}, both) == both
    assert shared_out({"B": lines}, both) == dict.fromkeys("abcd", "B")
    assert shared_out({}, both) == {}


def test_of_two_that_tell_of_a_line_the_later_holder_counts() -> None:
    old = ProcessReport("A", frozenset("ab"), (told("a", "A", 7), told("b", "A", 8)))
    new = ProcessReport("B", frozenset("ab"), (told("a", "B", 9),))
    server = ProcessReport("S")
    for processes in ((old, new, server), (server, new, old)):
        assert {name: each.worker for name, each in lines_of(processes).items()} == {"a": "B", "b": "A"}
        assert list(lines_of(processes)) == ["a", "b"]
        assert (share_of("A", processes), share_of("B", processes)) == ({"b"}, {"a"})
        assert share_of("S", processes) == set()
