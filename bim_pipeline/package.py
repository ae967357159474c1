"""The package's folder: written beside its place, checked, made durable, and put there in one step."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bim_pipeline.errors import DiskFullError, TargetOccupiedError, TargetUnwritableError

MANIFEST = "manifest.json"
REPORT = "report.json"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@contextmanager
def package_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target`; at the end it takes its place, on an error it is removed.

    Whatever happens, and at whatever moment, `target` is the old package or the new one, whole. Raises
    TargetOccupiedError, TargetUnwritableError or DiskFullError.
    """
    check_target(target)
    with _plain_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        partial = target.parent / f".{target.name}.partial-{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
    try:
        with _plain_errors(target):
            yield partial
            _sync_tree(partial)
            _put_in_place(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_target(target: Path) -> None:
    """Raise TargetOccupiedError where something is that is not a package, and TargetUnwritableError."""
    if target.is_symlink() and not target.exists():
        raise TargetUnwritableError(f"{target} is a link to nothing; remove it or choose another folder")
    if target.exists() and not target.is_dir():
        raise TargetOccupiedError(f"{target} is a file; choose a folder for the package")
    if target.is_dir() and any(target.iterdir()) and read_manifest(target) is None:
        raise TargetOccupiedError(
            f"{target} holds something else than a model package; choose another folder"
        )
    parent = next(p for p in (target.absolute().parents) if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise TargetUnwritableError(f"{parent} cannot be written; choose another folder or change its rights")


@contextmanager
def _plain_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(f"the disk of {target} is full; free some space and build again") from error
        reason = error.strerror or str(error)
        raise TargetUnwritableError(
            f"{target} cannot be written ({reason}); choose another folder"
        ) from error


def _remove_leftovers(target: Path) -> None:
    """Remove what builds left that were killed; a package that was being swapped is put back."""
    for leftover in target.parent.glob(f".{target.name}.old-*"):
        if not target.exists():
            leftover.rename(target)
        else:
            shutil.rmtree(leftover, ignore_errors=True)
    for leftover in target.parent.glob(f".{target.name}.partial-*"):
        if not _is_alive(leftover.name.rpartition("-")[2]):
            shutil.rmtree(leftover, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _sync_tree(folder: Path) -> None:
    """Put files and folders on the disk before the rename makes them count.

    A file with a second name is one of the package before, which is on the disk.
    """
    for path in [*sorted(folder.rglob("*")), folder]:
        if path.is_file() and path.stat().st_nlink > 1:
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put_in_place(partial: Path, target: Path) -> None:
    if not target.exists():
        partial.rename(target)
    elif not _exchange(partial, target):
        old = target.parent / f".{target.name}.old-{os.getpid()}"
        target.rename(old)
        partial.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step (Linux renameat2); False where the system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    done = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return int(done) == 0


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read a package's manifest; None where there is none or it is damaged."""
    return _read_json(folder / MANIFEST)


def read_report(folder: Path) -> dict[str, Any] | None:
    """Read the report of the build that made a package; None where there is none."""
    return _read_json(folder / REPORT)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write_json(path: Path, content: Mapping[str, Any], *, indent: int | None = None) -> None:
    """Write JSON as UTF-8, the same bytes for the same content."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    path.write_bytes(text.encode() + b"\n")


def file_digests(folder: Path, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give the SHA-256 of every file of a package but the manifest and the report, by its path inside.

    Files that are `known` are not read again.
    """
    names = (
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (MANIFEST, REPORT)
    )
    return {
        name: (known or {}).get(name) or hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in names
    }


def is_intact(folder: Path, digests: Mapping[str, str]) -> bool:
    """Say whether a folder holds exactly the files with these digests."""
    try:
        return file_digests(folder) == dict(digests)
    except OSError:
        return False
