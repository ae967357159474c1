"""What about the bindings deserves a look: which devices, what is guessed of them, what vanished. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial.model import Box
from telemetry_bridge.bindings import Bindings
from telemetry_bridge.points import Registry
from twin.devices.binding_rules import BindingRule
from twin.devices.guessing import Candidate, Ground, Guess, Task, guess_bindings, ranked

SAME_PLACE = "same-place"
SAME_PLACE_CONFIDENCE = 0.9
SAME_PLACE_WITHIN_M = 1.0


class RowKind(StrEnum):
    """Why a device is in the report."""

    VANISHED = "vanished"  # its element is not in the model any more
    RULED = "ruled"  # a rule bound it, nobody has confirmed it
    GUESSED = "guessed"  # it is bound to nothing, and there are guesses
    UNBOUND = "unbound"  # it is bound to nothing, and there is no guess
    ASIDE = "aside"  # somebody said that it belongs to no element


@dataclass(frozen=True, slots=True)
class Past:
    """An element that the revision before still had; `box` in today's local frame, m."""

    guid: str
    name: str
    ifc_class: str
    storey: str | None
    box: Box | None


@dataclass(frozen=True, slots=True)
class Row:
    """A device of the report: the guid that it is or was bound to, what that was, and what is guessed now."""

    device: str
    kind: RowKind
    element: str | None
    past: Past | None
    guesses: tuple[Guess, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """An element with several devices; `doubtful` where two of them are of one type."""

    element: str
    devices: tuple[str, ...]
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that deserves a look, by kind and device; how many devices are bound and need none."""

    rows: tuple[Row, ...]
    shared: tuple[Shared, ...]
    settled: int


def pasts_of(differences: Mapping[str, Any] | None) -> dict[str, Past]:
    """The elements that the newest revision removed, by guid, from `differences.json`."""
    listed = (differences or {}).get("differences") or ()
    return {
        each["guid"]: Past(
            each["guid"],
            each["name"],
            each["class"],
            each["storey"],
            None if each["box"] is None else tuple(each["box"]),
        )
        for each in listed
        if each["kind"] == "removed"
    }


def make_report(
    registry: Registry,
    bindings: Bindings,
    ground: Ground,
    rules: Sequence[BindingRule],
    pasts: Mapping[str, Past],
    rejected: Iterable[tuple[str, str]],
) -> Report:
    """The report on some bindings; `rejected` are guesses (device, guid) that a person said are wrong."""
    refused = frozenset(rejected)
    kinds = _kinds(bindings, ground, refused)
    taken = frozenset(
        guid for device, guid in bindings.element_of.items() if guid is not None and device not in kinds
    )
    asked = [registry.devices[device] for device, kind in kinds.items() if kind is not RowKind.ASIDE]
    found = guess_bindings(Task(asked, registry.types, taken, refused), ground, rules)
    for device, guesses in successors(kinds, bindings, pasts, ground, taken).items():
        kept = [each for each in guesses if (device, each.element) not in refused]
        found[device] = ranked([*found.get(device, ()), *kept])
    rows = [_row(device, kind, bindings, pasts, found.get(device, ())) for device, kind in kinds.items()]
    order = list(RowKind)
    rows.sort(key=lambda row: (order.index(row.kind), row.device))
    return Report(tuple(rows), shared_elements(registry, bindings), len(registry.devices) - len(rows))


def _kinds(bindings: Bindings, ground: Ground, refused: frozenset[tuple[str, str]]) -> dict[str, RowKind]:
    """Why each device that deserves a look does; an unbound one may still turn out to be guessed.

    A device that was bound to none because a rule had bound it wrongly is not set aside: it is still open.
    """
    ruled = bindings.ruled
    kinds: dict[str, RowKind] = {}
    for device, guid in bindings.element_of.items():
        if guid is None:
            wrongly = (device, bindings.found_by_rule(device)) in refused
            aside = device in bindings.overrides and not wrongly
            kinds[device] = RowKind.ASIDE if aside else RowKind.UNBOUND
        elif guid not in ground.by_guid:
            kinds[device] = RowKind.VANISHED
        elif device in ruled:
            kinds[device] = RowKind.RULED
    return kinds


def _row(
    device: str, kind: RowKind, bindings: Bindings, pasts: Mapping[str, Past], guesses: tuple[Guess, ...]
) -> Row:
    if kind is RowKind.UNBOUND and guesses:
        kind = RowKind.GUESSED
    element = bindings.element_of[device]
    return Row(device, kind, element, pasts.get(element or ""), guesses)


def successors(
    kinds: Mapping[str, RowKind],
    bindings: Bindings,
    pasts: Mapping[str, Past],
    ground: Ground,
    taken: frozenset[str],
) -> dict[str, list[Guess]]:
    """For devices whose element vanished: free elements of the same class where it was.

    Who draws a model anew gives its elements new guids; they stand where the old ones stood.
    """
    lost = {
        device: past
        for device, kind in kinds.items()
        if kind is RowKind.VANISHED and (past := pasts.get(bindings.element_of[device] or "")) is not None
    }
    free = [each for each in ground.candidates if each.guid not in taken and each.centre is not None]
    if not free or not lost:
        return {}
    centres = np.array([each.centre for each in free], dtype=np.float64)
    return {device: _at(past, free, centres) for device, past in lost.items() if past.box is not None}


def _at(past: Past, free: Sequence[Candidate], centres: NDArray[np.float64]) -> list[Guess]:
    if past.box is None:
        return []
    low, high = np.array(past.box[:3]), np.array(past.box[3:])
    distances = np.linalg.norm(centres - (low + high) / 2, axis=1)
    near = np.flatnonzero(distances < SAME_PLACE_WITHIN_M).tolist()
    same = [row for row in near if past.ifc_class in free[row].classes]
    return [
        Guess(
            free[row].guid,
            SAME_PLACE_CONFIDENCE * (1.0 - float(distances[row]) / SAME_PLACE_WITHIN_M),
            (SAME_PLACE,),
            past.name,
            float(distances[row]),
        )
        for row in same
    ]


def shared_elements(registry: Registry, bindings: Bindings) -> tuple[Shared, ...]:
    """The elements with several devices, the doubtful ones first."""
    found = []
    for guid in {guid for guid in bindings.element_of.values() if guid is not None}:
        devices = bindings.devices_of(guid)
        if len(devices) > 1:
            types = [registry.devices[device].type for device in devices]
            found.append(Shared(guid, devices, len(set(types)) < len(types)))
    return tuple(sorted(found, key=lambda each: (not each.doubtful, each.devices)))
