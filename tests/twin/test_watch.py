import json
from pathlib import Path

import pytest

from twin.watch import PackageWatch

SERVED = "0123456789ab"
OTHER = "ba9876543210"


def write_package(folder: Path, revision: str) -> Path:
    folder.mkdir()
    manifest = {"format": 1, "name": "x", "revision": revision, "counts": {}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_package(tmp_path / "p.twin", SERVED)


def replace(folder: Path, revision: str) -> None:
    """As the pipeline does it: another folder takes the name."""
    fresh = write_package(folder.with_name("fresh"), revision)
    folder.rename(folder.with_name("old"))
    fresh.rename(folder)


def test_nothing_happens_to_a_package_that_stays(folder: Path) -> None:
    watch = PackageWatch(folder, SERVED)
    watch.look()
    watch.look()
    assert not watch.restart_needed
    assert watch.is_same_folder()


def test_a_rebuild_is_noticed(folder: Path) -> None:
    watch = PackageWatch(folder, SERVED)
    watch.look()
    replace(folder, OTHER)
    assert not watch.is_same_folder()
    watch.look()
    assert watch.restart_needed


def test_the_same_revision_built_again_needs_no_restart_for_its_catalogue(folder: Path) -> None:
    watch = PackageWatch(folder, SERVED)
    replace(folder, SERVED)
    watch.look()
    assert not watch.restart_needed


def test_a_package_that_is_gone_or_half_there_is_waited_for(folder: Path) -> None:
    watch = PackageWatch(folder, SERVED)
    (folder / "manifest.json").write_text("{")
    watch.look()
    (folder / "manifest.json").unlink()
    watch.look()
    assert not watch.restart_needed
    folder.rmdir()
    write_package(folder, OTHER)
    watch.look()
    assert watch.restart_needed
