"""Results of pure functions that a build takes over from the build before it.

What a part of the work gives is stored under a hash of all that it depends on. Where nothing changed, the
result is read instead of computed; what was not asked for in a build is forgotten by the next one.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable
from dataclasses import fields
from operator import attrgetter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bim_pipeline.source import Element

KEY_BYTES = 16
Part: TypeAlias = bytes | str | int | float | NDArray[np.generic] | None


class Memory:
    """Results by key: those of the build before, and those that this build has used or made."""

    def __init__(self, content: bytes = b"") -> None:
        self._known = _unpacked(content)
        self._used: dict[bytes, bytes] = {}
        self.made = 0

    def recall(self, key: bytes, make: Callable[[], bytes]) -> bytes:
        """Give the result of a key (`memory_key`), made anew where it is not known."""
        found = self._used.get(key)
        if found is None:
            found = self._known.get(key)
            if found is None:
                found = make()
                self.made += 1
            self._used[key] = found
        return found

    def keep(self, key: bytes) -> None:
        """Let the next build know what this one knows, without asking for it."""
        if key in self._known:
            self._used[key] = self._known[key]

    def part(self) -> Memory:
        """Give a memory of the same build before, for a part of the work; `take` what it packs."""
        part = Memory()
        part._known = self._known
        return part

    def take(self, packed: bytes) -> None:
        """Take over what another part of the work used, in this process or in one beside it (`pack`)."""
        self._used.update(_unpacked(packed))

    def pack(self) -> bytes:
        """Give all that was used, in order of keys, as bytes."""
        keys = sorted(self._used)
        lengths = struct.pack(f"<{len(keys)}I", *(len(self._used[key]) for key in keys))
        head = struct.pack("<I", len(keys))
        return b"".join([head, *keys, lengths, *(self._used[key] for key in keys)])


def memory_key(what: str, parts: Iterable[Part]) -> bytes:
    """Hash what a result depends on; `what` names the function that gives it."""
    texts = [what.encode()]
    for part in parts:
        if isinstance(part, np.ndarray):
            texts += (f"a{part.dtype.str}{part.shape}".encode(), part.tobytes())
        else:
            text = part if isinstance(part, bytes) else repr(part).encode()
            texts += (b"%d:" % len(text), text)
    return hashlib.blake2b(b"".join(texts), digest_size=KEY_BYTES).digest()


def element_parts(element: Element) -> list[Part]:
    """Give all that is said of an element but its number in the file, for a key."""
    return [repr(_values_of(element)), element.placement]


_values_of = attrgetter(
    *(field.name for field in fields(Element) if field.name not in ("step_id", "placement"))
)


def _unpacked(content: bytes) -> dict[bytes, bytes]:
    if not content:
        return {}
    (count,) = struct.unpack_from("<I", content)
    at = 4 + KEY_BYTES * count
    lengths = struct.unpack_from(f"<{count}I", content, at)
    at += 4 * count
    found = {}
    for row, length in enumerate(lengths):
        found[content[4 + KEY_BYTES * row : 4 + KEY_BYTES * (row + 1)]] = content[at : at + length]
        at += length
    return found
