"""Files written whole or not at all: beside their place first, then renamed into it."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from twin.errors import ExportError

#: ZIP has no time zone; a fixed time lets the same content be the same bytes.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of some files, deflated, in their order."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def write_file(target: Path, content: bytes) -> None:
    """Write or replace a file. Raises ExportError where its place cannot be written."""
    if target.is_dir():
        raise ExportError(f"{target} is a folder; give -o the name of a file")
    scratch = _scratch(target)
    try:
        (scratch / target.name).write_bytes(content)
        os.replace(scratch / target.name, target)  # noqa: PTH105 - says that it replaces
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder of files, over an older export of the same files alone.

    Raises ExportError where the folder holds anything else, or its place cannot be written.
    """
    if target.exists() and not target.is_dir():
        raise ExportError(f"{target} is a file; give -o the name of a folder, or of a file that ends in .zip")
    strange = (
        sorted(entry.name for entry in target.iterdir() if entry.name not in files) if target.exists() else []
    )
    if strange:
        raise ExportError(f"{target} holds {strange[0]}, which no export wrote; choose another folder")
    scratch = _scratch(target)
    try:
        made, old = scratch / "new", scratch / "old"
        made.mkdir()
        for name, content in files.items():
            (made / name).write_bytes(content)
        if target.exists():
            target.rename(old)
        made.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _scratch(target: Path) -> Path:
    """A new folder beside a target, on the same disk."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error.strerror}") from error
