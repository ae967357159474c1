"""A build keeps to the memory that it is given, and makes the same package in less."""

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bim_pipeline import budget, making
from bim_pipeline.budget import MOST_BYTES, Budget, free_bytes, resident_bytes
from bim_pipeline.build import build_package
from bim_pipeline.workers import ShapeJob
from tests.bim_pipeline.models import House
from tests.bim_pipeline.test_build import contents

sizes = st.floats(1e6, 1e12)


@given(total=sizes, model=sizes, wanted=st.integers(1, 256))
def test_more_than_one_process_fit_with_the_model(total: float, model: float, wanted: int) -> None:
    jobs = Budget(total).jobs(wanted, model)
    assert 1 <= jobs <= wanted
    assert jobs == 1 or (1 + jobs) * model <= total
    assert jobs == wanted or (2 + jobs) * model > total


def test_half_a_gigabyte_of_model_is_hashed_before_two_processes_begin() -> None:
    source, model = 500e6, 2.2e9
    own = Budget(MOST_BYTES)
    assert own.jobs(8, model) == 2
    assert not own.holds(2, model, source)
    assert own.holds(2, 0.2e9, 27e6)


def test_no_more_is_planned_than_is_free(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    meminfo, group = tmp_path / "meminfo", tmp_path / "group"
    meminfo.write_text("MemTotal: 9000000 kB\nMemAvailable: 4000000 kB\n")
    monkeypatch.setattr(budget, "_MEMINFO", meminfo)
    monkeypatch.setattr(budget, "_GROUP", group)
    assert Budget.of(None).total == pytest.approx(0.9 * 4.096e9)
    assert Budget.of(1e9).total == 1e9
    group.mkdir()
    (group / "memory.max").write_text("2000000000\n")
    (group / "memory.current").write_text("1500000000\n")
    (group / "memory.stat").write_text("anon 500000000\ninactive_file 1000000000\n")
    assert free_bytes() == 1.5e9
    (group / "memory.max").write_text("max\n")
    assert free_bytes() == 4.096e9


def test_a_process_knows_what_it_has() -> None:
    before = resident_bytes()
    held = bytearray(b"x" * 64_000_000)
    assert resident_bytes() - before > 0.5 * len(held)


def test_with_little_memory_a_build_takes_one_process_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, seen = House().write(tmp_path / "house.ifc"), []

    class Watched(ShapeJob):
        def start(self) -> None:
            seen.append((self._jobs, len(multiprocessing.active_children())))
            super().start()

    monkeypatch.setattr(making, "ShapeJob", Watched)
    build_package(source, tmp_path / "plenty.twin", jobs=3)
    build_package(source, tmp_path / "little.twin", jobs=3, memory=1e6)
    assert seen[1] == (1, 0)
    assert contents(tmp_path / "plenty.twin") == contents(tmp_path / "little.twin")
