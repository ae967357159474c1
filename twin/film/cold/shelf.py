"""Where cold files lie: a folder, or a bucket of an S3-compatible store. It blocks: call it in threads.

pyarrow's own S3 client is used: it comes with what reads the files anyway, and reads the ranges of a file
that a query needs, several at once.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from twin.errors import ColdAwayError, ParquetMissingError, SettingError
from twin.film.arrow import arrow

S3: Final = "s3"
SETTING: Final = "TWIN_FILM_COLD"
CONNECT_TIMEOUT_S: Final = 5.0
REQUEST_TIMEOUT_S: Final = 30.0
TRIES: Final = 2
#: The other variables of AWS are read by pyarrow itself.
ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
#: What a store says, and what to do about it.
ADVICE: Final = (
    (("NO_SUCH_BUCKET",), "its bucket is not there; make it, or name another in " + SETTING),
    (
        (
            "ACCESS_DENIED",
            "INVALID_ACCESS_KEY_ID",
            "SIGNATURE_DOES_NOT_MATCH",
            "UNRECOGNIZED_CLIENT",
            "INVALID_CLIENT_TOKEN",
            "MISSING_AUTHENTICATION",
            "HTTP status 403",
            "code: 403",
        ),
        "it refuses our credentials; see AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they may do",
    ),
    (("HTTP status 301", "PermanentRedirect"), "its bucket is in another region; see AWS_REGION"),
    (("NETWORK_CONNECTION", "curlCode"), "nobody answers; see AWS_ENDPOINT_URL and the network"),
    (("No space left",), "its disk is full; make room"),
    (("Read-only file system",), "it is read-only; let the server write to it"),
    (("Permission denied",), "this user may not; let the server read and write it"),
)


class MissingFileError(Exception):
    """A file that should be there is not."""


class Shelf(Protocol):
    """Holds files by key, such as `day=2026-05-01/policy=default/12-3f.parquet`.

    Every method raises ColdAwayError where the store cannot be reached or does not let us in.
    """

    place: str
    """What people call it; no secret is in it."""

    def put(self, key: str, data: bytes) -> None:
        """Write a file: whole, or not at all."""

    def open(self, key: str) -> Any:
        """A file to be read, as a pyarrow.NativeFile. MissingFileError: it is not there."""

    def delete(self, key: str) -> None:
        """Delete a file; one that is not there is none to delete."""

    def keys(self) -> dict[str, int]:
        """Each file's size, bytes, by its key."""

    def check(self) -> None:
        """Make sure that it can be used; makes a folder that is not there yet."""


def away(place: str, error: BaseException) -> ColdAwayError:
    """Why a store cannot be used, and what to do."""
    said = " ".join(str(error).split())
    advice = next((what for words, what in ADVICE if any(word in said for word in words)), said[:200])
    return ColdAwayError(
        f"that day lies in cold storage, which cannot be reached: {place}: {advice}", place=place
    )


@contextlib.contextmanager
def _reached(place: str) -> Iterator[None]:
    """Turn what a store's client raises into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise MissingFileError(str(error)) from error
    except OSError as error:
        raise away(place, error) from error


class FolderShelf:
    """A folder; others may read it at any time, so files come into it by being renamed."""

    def __init__(self, folder: Path) -> None:
        self.place = str(folder)
        self._folder = folder

    def put(self, key: str, data: bytes) -> None:
        """See `Shelf`; when it returns, a power cut does not undo it."""
        path = self._folder / key
        part = path.with_name(f".{path.name}.part")
        with _reached(self.place):
            self._check_there()
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with part.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(path)
            except OSError:
                part.unlink(missing_ok=True)
                raise
            _sync_folders(path.parent, self._folder)

    def open(self, key: str) -> Any:
        """See `Shelf`."""
        with _reached(self.place):
            self._check_there()
            path = self._folder / key
            if not path.is_file() and not any(self._folder.glob("day=*")):
                raise OSError("the folder is empty; is the disk that belongs there mounted?")
            return arrow().OSFile(str(path))

    def _check_there(self) -> None:
        if not self._folder.is_dir():
            raise OSError("the folder is not there; mount the disk that it is on, or see " + SETTING)

    def delete(self, key: str) -> None:
        """See `Shelf`; folders that are empty then go too."""
        path = self._folder / key
        with _reached(self.place):
            self._check_there()
            path.unlink(missing_ok=True)
            path.with_name(f".{path.name}.part").unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                for folder in list(path.parents)[: len(PurePosixPath(key).parts) - 1]:
                    folder.rmdir()

    def keys(self) -> dict[str, int]:
        """See `Shelf`; makes the folder where it is not there yet."""
        with _reached(self.place):
            self._check_there()
            found = self._folder.glob("day=*/policy=*/*.parquet")
            return {each.relative_to(self._folder).as_posix(): each.stat().st_size for each in found}

    def check(self) -> None:
        """See `Shelf`."""
        with _reached(self.place):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError("Permission denied")


def _sync_folders(folder: Path, top: Path) -> None:
    """Make sure that a file's name, and those of the folders over it, are on the disk."""
    for each in (folder, *folder.parents):
        number = os.open(each, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
        if each == top:
            return


class BucketShelf:
    """A bucket, or a part of one, of a store that speaks S3. An object is there as a whole or not at all."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self.place = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket, self._prefix = bucket, prefix
        self._made: Any = None

    def _store(self) -> Any:
        """Made when it is first needed: it may look for credentials in the network."""
        if self._made is None:
            arrow()
            from pyarrow import fs  # noqa: PLC0415

            self._made = fs.S3FileSystem(
                endpoint_override=next(
                    (os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None
                ),
                connect_timeout=CONNECT_TIMEOUT_S,
                request_timeout=REQUEST_TIMEOUT_S,
                retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
            )
        return self._made

    def _path(self, key: str) -> str:
        return "/".join(part for part in (self._bucket, self._prefix, key) if part)

    def put(self, key: str, data: bytes) -> None:
        """See `Shelf`."""
        with _reached(self.place), self._store().open_output_stream(self._path(key)) as stream:
            stream.write(data)

    def open(self, key: str) -> Any:
        """See `Shelf`."""
        with _reached(self.place):
            return self._store().open_input_file(self._path(key))

    def delete(self, key: str) -> None:
        """See `Shelf`."""
        with contextlib.suppress(MissingFileError), _reached(self.place):
            self._store().delete_file(self._path(key))

    def keys(self) -> dict[str, int]:
        """See `Shelf`."""
        top = self._path("")
        found = self._listed(recursive=True)
        return {each.path[len(top) + 1 :]: each.size for each in found if each.path.endswith(".parquet")}

    def check(self) -> None:
        """See `Shelf`."""
        from pyarrow import fs  # noqa: PLC0415

        with _reached(self.place):
            if self._store().get_file_info(self._bucket).type == fs.FileType.NotFound:
                raise OSError("NO_SUCH_BUCKET")
        self._listed(recursive=False)

    def _listed(self, *, recursive: bool) -> list[Any]:
        from pyarrow import fs  # noqa: PLC0415

        with _reached(self.place):
            wanted = fs.FileSelector(self._path(""), recursive=recursive, allow_not_found=bool(self._prefix))
            found: list[Any] = self._store().get_file_info(wanted)
        return found


def open_shelf(place: str) -> Shelf:
    """The shelf that a setting names: a folder, or `s3://BUCKET/PREFIX`; nothing is reached for yet.

    SettingError: it names neither, or pyarrow is missing.
    """
    _check_pyarrow()
    if "://" not in place:
        return FolderShelf(Path(place).expanduser().absolute())
    parts = urlsplit(place)
    if parts.scheme != S3 or not parts.hostname or parts.query or set("@:") & set(parts.netloc):
        shown = place.rsplit("@", 1)[-1]
        raise SettingError(
            f"{SETTING}: '{shown}' is neither a folder nor s3://BUCKET/PREFIX; the server's address is set "
            "with AWS_ENDPOINT_URL, the region with AWS_REGION"
        )
    return BucketShelf(parts.netloc, parts.path.strip("/"))


def _check_pyarrow() -> None:
    try:
        arrow()
    except ParquetMissingError as error:
        raise SettingError(f"{SETTING}: {error}") from error
