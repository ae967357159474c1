"""What the tests themselves stand on: sharing between processes, ports, the order of the tests."""

import multiprocessing
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.distribution import LONGEST_FIRST, TOGETHER, longest_first, unit_of
from tests.ports import free_port
from tests.shared import made_once

FOLDERS = (*LONGEST_FIRST, "tests/spatial/", "tests/twin/alarms/")
NODEIDS = st.lists(
    st.builds("{}test_{}.py::test_{}[a::b]".format, st.sampled_from(FOLDERS), *[st.integers()] * 2)
)


def _ask(folder: Path) -> None:
    def make(target: Path) -> None:
        with (folder / "makers").open("a") as makers:
            makers.write("one\n")
        target.mkdir()
        (target / "content").write_text("whole")

    made = made_once(folder, "thing", make)
    assert (made / "content").read_text() == "whole"


def test_what_many_ask_for_is_made_once(tmp_path: Path) -> None:
    processes = [multiprocessing.get_context("fork").Process(target=_ask, args=(tmp_path,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert (tmp_path / "makers").read_text() == "one\n"


def test_what_failed_is_tried_again_and_leaves_nothing(tmp_path: Path) -> None:
    def fail(target: Path) -> None:
        target.write_text("half")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        made_once(tmp_path, "thing", fail)
    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]
    assert made_once(tmp_path, "thing", lambda target: target.write_text("whole")).read_text() == "whole"


def test_ports_differ_and_can_be_had() -> None:
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == len(ports)
    with socket.create_server(("127.0.0.1", ports[0])) as taken:
        assert taken.getsockname()[1] == ports[0]


@given(NODEIDS)
def test_tests_are_ordered_and_none_is_lost(nodeids: list[str]) -> None:
    order = longest_first(nodeids)
    assert sorted(order) == list(range(len(nodeids)))
    units = [unit_of(nodeids[place]) for place in order]
    browser = [unit == TOGETHER for unit in units]
    assert browser == sorted(browser, reverse=True)
    for folder in FOLDERS:
        within = [place for place in order if nodeids[place].startswith(folder)]
        assert within == sorted(within)


def test_a_file_is_a_unit_and_so_are_all_browser_tests() -> None:
    assert unit_of("tests/spatial/test_a.py::TestB::test_c[d::e]") == "tests/spatial/test_a.py"
    assert unit_of("tests/browser/test_a.py::test_b") == unit_of("tests/browser/test_c.py::test_d")
