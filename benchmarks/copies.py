"""A larger model made of a smaller one: copies side by side, with ids and GlobalIds of their own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

_GUID_LETTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$"
_REFERENCE = re.compile(rb"#(\d+)")
_ENTITY = re.compile(rb"^#(\d+)\s*=\s*(\w+)\s*\(", re.MULTILINE)
# A rooted entity: its GlobalId, then its owner history.
_ROOT = re.compile(rb"(=\s*IFC\w+\s*\(\s*')([0-3][0-9A-Za-z_$]{21})('\s*,\s*#)")
_SITE = re.compile(rb"=\s*IFCSITE\s*\(\s*'[^']*'\s*,[^,]*,[^#]*?,(#\d+)\s*,")
_STRING = re.compile(rb"('(?:[^']|'')*')")


def write_copies(source: Path, target: Path, count: int, apart: float) -> None:
    """Write `count` copies of an IFC2X3 file in a row along x, `apart` of its length units from each other.

    They share the first one's project. Raises ValueError where the file has no project or no placed site.
    """
    head, _, rest = source.read_bytes().partition(b"DATA;")
    body, _, tail = rest.rpartition(b"ENDSEC;")
    step = max(int(match.group(1)) for match in _ENTITY.finditer(body)) + 10
    with target.open("wb") as file:
        file.write(head + b"DATA;")
        for number in range(count):
            file.write(_copy(body, number, step, apart))
        file.write(b"ENDSEC;" + tail)


def _copy(body: bytes, number: int, step: int, apart: float) -> bytes:
    """One copy: ids raised by a multiple of `step`; the first one is the body itself."""
    if number == 0:
        return body
    project = next((m.group(1) for m in _ENTITY.finditer(body) if m.group(2) == b"IFCPROJECT"), None)
    site = _SITE.search(body)
    if project is None or site is None:
        raise ValueError("the model has no project or no site with a placement; it cannot be copied")
    lines = [line for line in body.split(b"\n") if not line.startswith(b"#" + project + b"=")]
    text = _ROOT.sub(lambda m: m.group(1) + _guid(m.group(2), number) + m.group(3), b"\n".join(lines))
    moved = text.replace(_line(text, site.group(1)), _placement(site.group(1), step, number * apart))
    return b"".join(_raised(moved, number * step, project))


def _line(text: bytes, reference: bytes) -> bytes:
    found = re.search(b"^" + reference + rb"\s*=[^;]*;", text, re.MULTILINE)
    if found is None:
        raise ValueError("the site's placement is missing; the model cannot be copied")
    return found.group(0)


def _placement(reference: bytes, step: int, x: float) -> bytes:
    """A placement of its own at x, in place of the site's."""
    point, axes = step - 1, step - 2
    return (
        b"%s=IFCLOCALPLACEMENT($,#%d);\n" % (reference, axes)
        + b"#%d=IFCAXIS2PLACEMENT3D(#%d,$,$);\n" % (axes, point)
        + b"#%d=IFCCARTESIANPOINT((%.1f,0.,0.));" % (point, x)
    )


def _raised(text: bytes, by: int, project: bytes) -> Iterator[bytes]:
    """Raise every reference outside of strings; those to the project stay."""

    def raised(match: re.Match[bytes]) -> bytes:
        return match.group(0) if match.group(1) == project else b"#%d" % (int(match.group(1)) + by)

    for part in _STRING.split(text):
        yield part if part.startswith(b"'") else _REFERENCE.sub(raised, part)


def _guid(guid: bytes, number: int) -> bytes:
    digest = hashlib.blake2b(guid + b"%d" % number, digest_size=22).digest()
    return bytes([_GUID_LETTERS[digest[0] % 4], *(_GUID_LETTERS[byte % 64] for byte in digest[1:])])
