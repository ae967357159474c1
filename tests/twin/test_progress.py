"""What the command line says while a package is built."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from bim_pipeline.report import Progress, ProgressTeller
from tests.bim_pipeline.models import House
from twin import progress
from twin.packages import build_with_progress, progress_text


@pytest.mark.parametrize(
    ("remaining_s", "text"),
    [
        (None, "shapes"),
        (0.2, "shapes, about 1 s left"),
        (41.6, "shapes, about 42 s left"),
        (59.8, "shapes, about 1 min left"),
        (61, "shapes, about 2 min left"),
        (600, "shapes, about 10 min left"),
    ],
)
def test_the_time_left_is_said_where_it_is_known(remaining_s: float | None, text: str) -> None:
    assert progress_text(Progress("shapes", 0.5, remaining_s)) == text


def test_the_time_left_follows_from_the_time_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("bim_pipeline.report.time.monotonic", lambda: now[0])
    told: list[Progress] = []
    teller = ProgressTeller(told.append)
    teller.tell("read", 0.0)
    now[0] = 130.0
    teller.tell("shapes", 0.5)
    assert told[0].remaining_s is None
    fraction, remaining = told[1].fraction, told[1].remaining_s
    assert remaining is not None
    assert 30.0 / fraction == pytest.approx(30.0 + remaining)


def test_a_build_shows_its_stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    terminal = Console(file=shown, force_terminal=True, width=200)
    monkeypatch.setattr(progress, "Console", lambda stderr: terminal)
    build_with_progress(House().write(tmp_path / "house.ifc"), tmp_path / "house.twin", jobs=1)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.getvalue())
    assert all(stage in text for stage in ("house.ifc", "shapes", "tiles", "write", "100%"))
