"""Shelves of cold film: a folder, and a real server that speaks S3 over HTTP."""

import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from moto import settings as moto_settings
from moto.core.responses import ActionAuthenticatorMixin  # type: ignore[attr-defined]
from moto.server import ThreadedMotoServer

from tests.twin.film.filming import noise
from tests.twin.film.freezing import filming, freeze
from tests.twin.film.scenes import START_MS, same_state
from twin.errors import ColdAwayError, ParquetMissingError, SettingError
from twin.film.arrow import arrow
from twin.film.cold import shelf as shelf_module
from twin.film.cold.shelf import BucketShelf, FolderShelf, MissingFileError, Shelf, open_shelf
from twin.store.database import open_database

KEY = "day=2026-05-01/policy=default/1-abcd.parquet"
OTHER = "day=2026-05-02/policy=default/2-abcd.parquet"
SECRET = "wJalrXUtnFEMI"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 server on a port of this machine; gives its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The environment of somebody who may use it, and a client with which to look behind the scenes."""
    for name, value in (
        ("AWS_ENDPOINT_URL", server),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=server, region_name="us-east-1")
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket="film")
    for each in client.list_objects_v2(Bucket="film").get("Contents", ()):
        client.delete_object(Bucket="film", Key=each["Key"])
    return client


@pytest.fixture(params=["folder", "bucket"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "folder":
        return open_shelf(str(tmp_path / "cold"))
    request.getfixturevalue("s3")
    return open_shelf("s3://film/palace/cold")


def test_what_is_put_is_there_until_it_is_deleted(shelf: Shelf) -> None:
    shelf.check()
    assert shelf.keys() == {}
    shelf.put(OTHER, b"other")
    with pytest.raises(MissingFileError):
        shelf.open(KEY)
    shelf.put(KEY, b"one")
    shelf.put(KEY, b"another")
    with shelf.open(KEY) as file:
        assert file.read() == b"another"
    assert shelf.keys() == {KEY: 7, OTHER: 5}
    shelf.delete(KEY)
    shelf.delete(KEY)
    assert shelf.keys() == {OTHER: 5}


async def test_film_in_a_bucket_is_read_to_the_bit(s3: Any, tmp_path: Path) -> None:
    engine = await open_database(f"sqlite:///{tmp_path / 'twin.db'}")
    run = await filming(engine, open_shelf("s3://film/palace"))
    for frame in noise(40):
        run.record(frame)
        await run.film.recorder.flush()
    await run.film.recorder.stop()
    await freeze(run.film)
    [key] = [each["Key"] for each in s3.list_objects_v2(Bucket="film")["Contents"]]
    assert key.startswith("palace/day=2026-09-21/policy=default/")
    again = await filming(engine, open_shelf("s3://film/palace"), start_ms=run.clock.time_ms + 1000)
    for time_ms in (START_MS + 100, START_MS + 4000, START_MS + 7999):
        assert same_state((await again.film.state_at(time_ms)).state, run.expected(time_ms))
    await engine.dispose()


def test_a_server_that_is_away_is_said(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
        refuses(open_shelf("s3://film"), "nobody answers; see AWS_ENDPOINT_URL")


def test_a_bucket_that_is_not_there_is_said(s3: Any) -> None:
    for place in ("s3://nobody", "s3://nobody/palace"):
        shelf = open_shelf(place)
        with pytest.raises(ColdAwayError, match="its bucket is not there; make it"):
            shelf.check()
        with pytest.raises(ColdAwayError, match="its bucket is not there"):
            shelf.put(KEY, b"x")


def test_wrong_credentials_are_said_and_not_shown(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionAuthenticatorMixin, "request_count", 0)
    monkeypatch.setattr(moto_settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    refuses(open_shelf("s3://film"), "refuses our credentials; see AWS_ACCESS_KEY_ID")


def refuses(shelf: Shelf, reason: str) -> None:
    """Whatever is asked of it."""
    asked = (
        shelf.check,
        shelf.keys,
        lambda: shelf.put(KEY, b"x"),
        lambda: shelf.open(KEY),
        lambda: shelf.delete(KEY),
    )
    for ask in asked:
        with pytest.raises(ColdAwayError, match=reason) as refused:
            ask()
        assert SECRET not in str(refused.value)
        assert shelf.place in str(refused.value)


@pytest.mark.parametrize(
    "place",
    ["s3:/film", "s3://", "s3://key:secret@film/x", "s3://film:9000/x", "http://film/x", "s3://film?a=b"],
)
def test_a_place_that_is_none_is_refused(place: str) -> None:
    if "://" not in place:
        assert isinstance(open_shelf(place), FolderShelf)  # a folder of an odd name
        return
    with pytest.raises(SettingError, match=r"TWIN_FILM_COLD: .*AWS_ENDPOINT_URL") as refused:
        open_shelf(place)
    assert "secret" not in str(refused.value)


def test_a_place_is_a_folder_or_a_bucket(tmp_path: Path) -> None:
    assert isinstance(open_shelf(str(tmp_path)), FolderShelf)
    bucket = open_shelf("s3://film/palace/")
    assert isinstance(bucket, BucketShelf)
    assert bucket.place == "s3://film/palace"


def test_without_pyarrow_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise ParquetMissingError

    monkeypatch.setattr(shelf_module, "arrow", missing)
    with pytest.raises(SettingError, match=r"pip install 'venue-twin\[parquet\]'"):
        open_shelf("/somewhere")


def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ColdAwayError, match="cannot be reached"):
        open_shelf(str(tmp_path / "file" / "cold")).check()


def test_a_stop_while_a_file_is_written_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = open_shelf(str(tmp_path))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ColdAwayError, match="its disk is full"):
        shelf.put(KEY, b"x" * 100)
    assert shelf.keys() == {}
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


def full(_number: int) -> None:
    raise OSError(28, "No space left on device")


def test_pyarrow_is_there() -> None:
    assert arrow().__name__ == "pyarrow"
