"""Scenes: which model revision and which bindings were in force; and how bindings are kept. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import orjson
import zstandard

from twin.errors import DamagedFilmError
from twin.film.packing import pack, unpack

HASH_DIGITS = 16
SMALL_SHARE = 0.1  # of the devices: what differs is kept instead of the whole
#: In place of a hash: the bindings could not be read, and were given up (`twin film verify --repair`).
GIVEN_UP = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What was in force from `from_ms` to before `until_ms`, ms since 1970 UTC; None: it still is.

    `revision` is that of the model package, `bindings` the hash of a `BindingSet`. A greater `number` was
    recorded later.
    """

    number: int
    from_ms: float
    until_ms: float | None
    revision: str
    bindings: str

    @property
    def is_known(self) -> bool:
        """Whether its bindings are known; not: they were given up, and nobody knows what was in force."""
        return self.bindings != GIVEN_UP

    def ended(self, until_ms: float) -> "Scene":
        """The same, over: it tells of the time before `until_ms`."""
        return replace(self, until_ms=max(until_ms, self.from_ms))

    def shows(self, revision: str, bindings: str) -> bool:
        """Whether it is of that revision and those bindings."""
        return (self.revision, self.bindings) == (revision, bindings)


@dataclass(frozen=True)
class BindingSet:
    """Which element each device stood for: device ids, sorted, to guids; None: to none."""

    elements: Mapping[str, str | None]

    @classmethod
    def of(cls, elements: Mapping[str, str | None]) -> "BindingSet":
        """Keep a copy of bindings."""
        return cls(MappingProxyType(dict(sorted(elements.items()))))

    @cached_property
    def hash(self) -> str:
        """The same for the same bindings."""
        return hashlib.sha256(orjson.dumps(dict(self.elements))).hexdigest()[:HASH_DIGITS]

    def changed_since(self, base: "BindingSet") -> "Changes":
        """What differs from another set."""
        bound = {
            device: element
            for device, element in self.elements.items()
            if device not in base.elements or base.elements[device] != element
        }
        return Changes(bound, tuple(device for device in base.elements if device not in self.elements))


@dataclass(frozen=True, slots=True)
class Changes:
    """How a set differs from its base: devices bound otherwise or new, and devices that are no more."""

    bound: Mapping[str, str | None]
    gone: tuple[str, ...]

    def applied_to(self, base: BindingSet) -> BindingSet:
        """The set that differs so."""
        kept = {device: element for device, element in base.elements.items() if device not in set(self.gone)}
        return BindingSet.of({**kept, **self.bound})

    def __len__(self) -> int:
        return len(self.bound) + len(self.gone)


@dataclass(frozen=True, slots=True)
class StoredBindings:
    """A set as it is kept; with a `base` (its hash) only what differs from that."""

    hash: str
    base: str | None
    data: bytes


def encode_bindings(found: BindingSet, base: BindingSet | None) -> StoredBindings:
    """Keep a set: as what differs from a whole one that is kept, where that is little."""
    changes = None if base is None else found.changed_since(base)
    if changes is None or base is None or len(changes) > SMALL_SHARE * len(found.elements):
        return StoredBindings(found.hash, None, _packed(found.elements, ()))
    return StoredBindings(found.hash, base.hash, _packed(changes.bound, changes.gone))


def _packed(bound: Mapping[str, str | None], gone: tuple[str, ...]) -> bytes:
    return pack({"version": 1, "bound": dict(bound), "gone": gone})


def decode_bindings(stored: StoredBindings, base: BindingSet | None) -> BindingSet:
    """Read a set; `base` is the set that it names. DamagedFilmError: it is none, or another one."""
    try:
        document: dict[str, Any] = unpack(stored.data)
        changes = Changes(document["bound"], tuple(document["gone"]))
        found = changes.applied_to(base or BindingSet.of({}))
        fault = "" if found.hash == stored.hash else "its hash is another"
        if not all(isinstance(each, str | None) for each in found.elements.values()):
            fault = "it names elements that are no guids"
    except (zstandard.ZstdError, ValueError, LookupError, TypeError, AttributeError) as error:
        fault = str(error)
    if fault:
        raise DamagedFilmError(f"the film's bindings {stored.hash} cannot be read ({fault})")
    return found


def unreadable(stored: Mapping[str, StoredBindings]) -> dict[str, str]:
    """Which of some sets cannot be read, by hash, and why; a set and what others differ from it in memory."""
    wrong: dict[str, str] = {}
    for key, each in stored.items():
        if each.base is None:
            wrong |= _unreadable_of(each, [other for other in stored.values() if other.base == key])
        elif each.base not in stored or stored[each.base].base is not None:
            wrong[key] = f"the film's bindings {each.base}, of which {key} tell what differs, are missing"
    return wrong


def _unreadable_of(whole: StoredBindings, others: Sequence[StoredBindings]) -> dict[str, str]:
    try:
        base = decode_bindings(whole, None)
    except DamagedFilmError as error:
        return {each.hash: str(error) for each in (whole, *others)}
    wrong = {}
    for each in others:
        try:
            decode_bindings(each, base)
        except DamagedFilmError as error:
            wrong[each.hash] = str(error)
    return wrong
