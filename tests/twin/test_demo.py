from collections.abc import Callable
from pathlib import Path

import pytest

import assets.palace
from assets.palace.errors import LayoutError
from twin import demo
from twin.demo import (
    DemoPaths,
    content_key,
    demo_paths,
    ensure_ifc,
    ensure_secrets,
    file_sha256,
    generator_key,
    is_generated,
    secret_names,
)
from twin.errors import DemoError


@pytest.fixture
def paths(tmp_path: Path) -> DemoPaths:
    return demo_paths(tmp_path)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that the generator wrote, in place of the real one, which takes its time."""
    calls: list[Path] = []

    def generate(path: Path, progress: Callable[[float, str], None] | None = None) -> None:
        calls.append(path)
        path.write_text("ISO-10303-21;")

    monkeypatch.setattr(assets.palace, "generate", generate)
    return calls


def test_the_key_changes_with_content_name_and_number_of_files(tmp_path: Path) -> None:
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("a")
    other.write_text("b")
    key = content_key([one, other], tmp_path)
    assert content_key([other, one], tmp_path) == key
    assert content_key([one], tmp_path) != key
    other.write_text("c")
    changed = content_key([one, other], tmp_path)
    assert changed != key
    other.rename(tmp_path / "third.py")
    assert content_key([one, tmp_path / "third.py"], tmp_path) not in (key, changed)


def test_the_key_is_of_the_generators_code() -> None:
    assert (demo.generator_folder() / "layout.py").is_file()
    assert generator_key() == generator_key()


def test_the_ifc_is_generated_once(paths: DemoPaths, written: list[Path]) -> None:
    assert [ensure_ifc(paths), ensure_ifc(paths)] == [True, False]
    assert written == [paths.ifc]
    assert is_generated(paths, generator_key())


def test_a_changed_generator_or_a_changed_file_is_generated_again(
    paths: DemoPaths, written: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_ifc(paths)
    paths.ifc.write_text("cut sho")
    assert ensure_ifc(paths)
    monkeypatch.setattr(demo, "generator_key", lambda: "another")
    assert ensure_ifc(paths)
    paths.stamp.write_text("{")
    assert ensure_ifc(paths)
    paths.ifc.unlink()
    assert ensure_ifc(paths)
    assert len(written) == 5


def test_a_generator_that_fails_is_said_and_leaves_no_stamp(
    paths: DemoPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    def generate(path: Path, progress: object = None) -> None:
        raise LayoutError("rooms overlap")

    monkeypatch.setattr(assets.palace, "generate", generate)
    with pytest.raises(DemoError, match="rooms overlap"):
        ensure_ifc(paths)
    assert not paths.stamp.exists()


def test_what_is_made_is_kept_under_var() -> None:
    root = Path(assets.palace.__file__).parents[2]
    assert demo_paths(None).ifc == root / "var" / "palace.ifc"
    assert demo_paths(None).package == root / "var" / "palace.twin"
    assert (demo_paths(None).venue / "venue.yaml").is_file()


def test_a_file_is_hashed_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"a" * (demo.CHUNK_BYTES + 1))
    (tmp_path / "y").write_bytes(b"a" * (demo.CHUNK_BYTES + 2))
    assert file_sha256(tmp_path / "x") != file_sha256(tmp_path / "y")


def test_secrets_of_the_webhooks_are_made_once_and_kept_for_this_user(paths: DemoPaths) -> None:
    names = secret_names(paths.venue)
    assert names == ["PALACE_CAR_PARK_SECRET", "PALACE_ACCESS_SECRET"]
    made = ensure_secrets(paths, {})
    assert list(made) == names
    assert len(set(made.values())) == 2
    assert paths.secrets.stat().st_mode & 0o077 == 0
    assert ensure_secrets(paths, {}) == made
    for name, value in made.items():
        assert f"{name}={value}" in paths.secrets.read_text().splitlines()


def test_a_secret_of_the_environment_is_left_alone(paths: DemoPaths) -> None:
    environment = {"PALACE_CAR_PARK_SECRET": "ours"}
    assert list(ensure_secrets(paths, environment)) == ["PALACE_ACCESS_SECRET"]
    assert "CAR_PARK" not in paths.secrets.read_text()


def test_secrets_that_cannot_be_read_or_kept_are_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="--var"):
        ensure_secrets(demo_paths(tmp_path / "missing"), {})
    paths = demo_paths(tmp_path)
    paths.secrets.write_bytes(b"\xff")
    with pytest.raises(DemoError, match="delete it"):
        ensure_secrets(paths, {})
