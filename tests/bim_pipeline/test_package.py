"""The package's folder takes its place in one step, and what is told on the way makes sense."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bim_pipeline import package
from bim_pipeline.errors import TargetOccupiedError, TargetUnwritableError
from bim_pipeline.package import file_digests, is_intact, package_folder, write_json
from bim_pipeline.report import BuildReport, Progress, ProgressTeller
from bim_pipeline.version import pipeline_version, revision

REPORT = BuildReport(
    3, 2, 100, 1, 5000, 1, 0, 0, {"total": 1.5}, 120.0, ({"code": "c", "guid": None, "message": "m"},)
)


def fill(folder: Path, text: str) -> None:
    write_json(folder / "manifest.json", {"format": 1, "text": text})
    (folder / "tiles").mkdir()
    (folder / "tiles" / "0.glb").write_bytes(text.encode())


def write_half(target: Path) -> None:
    with package_folder(target) as folder:
        fill(folder, "new")
        raise ZeroDivisionError


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_new_package_takes_the_place_of_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr(package, "_exchange", lambda one, other: False)
    for text in ("old", "new"):
        with package_folder(tmp_path / "p") as folder:
            fill(folder, text)
            assert folder != tmp_path / "p"
    assert (tmp_path / "p" / "tiles" / "0.glb").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def test_an_error_keeps_the_old_package(tmp_path: Path) -> None:
    with package_folder(tmp_path / "p") as folder:
        fill(folder, "old")
    with pytest.raises(ZeroDivisionError):
        write_half(tmp_path / "p")
    assert (tmp_path / "p" / "tiles" / "0.glb").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["p"]


def test_a_swap_that_was_cut_in_two_is_undone_by_the_next_build(tmp_path: Path) -> None:
    old = tmp_path / ".p.old-1"
    old.mkdir()
    fill(old, "old")
    with pytest.raises(ZeroDivisionError), package_folder(tmp_path / "p"):
        raise ZeroDivisionError
    assert (tmp_path / "p" / "tiles" / "0.glb").read_text() == "old"


def test_the_folder_of_a_build_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    running, dead = tmp_path / f".p.partial-{os.getppid()}", tmp_path / ".p.partial-999999999"
    running.mkdir()
    dead.mkdir()
    with package_folder(tmp_path / "p") as folder:
        fill(folder, "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([running.name, "p"])


def test_a_link_to_nothing_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "p").symlink_to(tmp_path / "nowhere")
    with pytest.raises(TargetUnwritableError):
        package.check_target(tmp_path / "p")


def test_an_empty_folder_is_a_target_and_a_full_one_is_not(tmp_path: Path) -> None:
    package.check_target(tmp_path)
    (tmp_path / "x").write_text("x")
    with pytest.raises(TargetOccupiedError):
        package.check_target(tmp_path)


def test_a_changed_a_missing_and_a_surplus_file_are_seen(tmp_path: Path) -> None:
    fill(tmp_path, "tile")
    digests = file_digests(tmp_path)
    assert list(digests) == ["tiles/0.glb"]
    assert is_intact(tmp_path, digests)
    (tmp_path / "tiles" / "1.glb").write_text("more")
    assert not is_intact(tmp_path, digests)
    (tmp_path / "tiles" / "1.glb").unlink()
    (tmp_path / "tiles" / "0.glb").write_text("other")
    assert not is_intact(tmp_path, digests)
    (tmp_path / "tiles" / "0.glb").unlink()
    assert not is_intact(tmp_path, digests)


def test_a_report_survives_json() -> None:
    assert BuildReport.from_json(REPORT.to_json()) == REPORT
    with pytest.raises(KeyError):
        BuildReport.from_json({"elements": 1})


def test_progress_never_goes_back() -> None:
    told: list[Progress] = []
    teller = ProgressTeller(told.append)
    for stage, fraction in (("read", 0.5), ("shapes", 0.5), ("read", 1.0), ("tiles", 2.0), ("write", 1.0)):
        teller.tell(stage, fraction)
    fractions = [step.fraction for step in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_the_revision_depends_on_source_and_pipeline() -> None:
    version = pipeline_version()
    assert version == pipeline_version()
    revisions = {revision("a" * 64, version), revision("b" * 64, version), revision("a" * 64, version + "x")}
    assert len(revisions) == 3
    assert all(len(r) == 12 and int(r, 16) >= 0 for r in revisions)
