"""Opening an IFC file: what it says of itself, and a clear error when it cannot be read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ifcopenshell
from ifcopenshell import ifcopenshell_wrapper

from bim_pipeline.errors import (
    DamagedSourceError,
    NotIfcError,
    SourceMissingError,
    TruncatedSourceError,
    UnsupportedSchemaError,
)

HEAD_BYTES = 65536
TAIL_BYTES = 4096
_START = b"ISO-10303-21"
_END = b"END-ISO-10303-21"
_SCHEMA = re.compile(rb"FILE_SCHEMA\s*\(\s*\(\s*'([^']*)'", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An IFC file on disk: `schema` is the one its header names, in capitals."""

    path: Path
    sha256: str
    size_bytes: int
    schema: str


def inspect_source(path: Path) -> SourceFile:
    """Check the file's head and tail and hash it, without parsing it.

    Raises SourceMissingError, NotIfcError, UnsupportedSchemaError or TruncatedSourceError.
    """
    try:
        digest, size, head, tail = _scan(path)
    except OSError as error:
        raise SourceMissingError(
            f"{path} cannot be read ({error.strerror or error}); give the path of an IFC file"
        ) from error
    schema = _schema_of(path, head)
    if _END not in tail:
        raise TruncatedSourceError(
            f"{path} breaks off before its end ({size:,} bytes, no {_END.decode()}); copy or export it again"
        )
    return SourceFile(path, digest, size, schema)


def open_model(source: SourceFile) -> Any:
    """Parse the whole file into an `ifcopenshell.file`; raises TruncatedSourceError when it cannot be."""
    try:
        return ifcopenshell.open(str(source.path))
    except (OSError, RuntimeError, ifcopenshell.Error) as error:
        lines = str(error).strip().splitlines() or ["damaged"]
        reason = lines[0].removesuffix(", check logs")
        raise TruncatedSourceError(f"{source.path} cannot be parsed ({reason}); export it again") from error


@contextmanager
def reading(source: SourceFile) -> Iterator[None]:
    """Turn what reading entities raises, where one is not of the kind that the schema demands, into an error.

    ifcopenshell does not check references: a damaged file shows itself only where an attribute is missing.
    Raises DamagedSourceError, with the error that it stands for as its cause.
    """
    try:
        yield
    except (AttributeError, IndexError, TypeError, ValueError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DamagedSourceError(f"{source.path} is damaged ({reason}); export it again") from error


def _scan(path: Path) -> tuple[str, int, bytes, bytes]:
    digest = hashlib.sha256()
    size, head, tail = 0, b"", b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
            head = head or block[:HEAD_BYTES]
            tail = (tail + block)[-TAIL_BYTES:]
    return digest.hexdigest(), size, head, tail


def _schema_of(path: Path, head: bytes) -> str:
    if _START not in head[:1024]:
        raise NotIfcError(f"{path} is not an IFC file in STEP form{_hint(head)}")
    match = _SCHEMA.search(head)
    if match is None:
        raise NotIfcError(f"{path} names no schema in its header; export it again as IFC2X3, IFC4 or IFC4X3")
    schema = match.group(1).decode("ascii", "replace").upper()
    known = {name.upper() for name in ifcopenshell_wrapper.schema_names()}
    if schema not in known or not schema.startswith("IFC"):
        raise UnsupportedSchemaError(
            f"{path} is written in {schema}, which is not supported; export it as IFC2X3, IFC4 or IFC4X3"
        )
    return schema


def _hint(head: bytes) -> str:
    if head.startswith(b"PK"):
        return "; it looks like a zip archive: unpack it first"
    if head.lstrip().startswith(b"<"):
        return "; it looks like XML: export it as .ifc"
    return "; it has to begin with ISO-10303-21"
