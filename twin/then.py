"""Which bindings and which model were in force at a past moment, seen on the model that is served now."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from twin.bound import BoundDevices, bind_devices
from twin.film.scenes import BindingSet, Scene
from twin.runtime import Twin

KEPT = 4  # looked-up bindings in memory


@dataclass(frozen=True, slots=True, eq=False)
class Then:
    """What was in force; `bound` are those of its elements that the model of now still has."""

    scene: Scene
    bindings: BindingSet
    bound: BoundDevices


@dataclass(frozen=True, slots=True)
class Rebound:
    """Devices, by id, that stand for another element now (or one, or none); that came; that are gone."""

    moved: tuple[str, ...]
    added: tuple[str, ...]
    gone: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.moved) + len(self.added) + len(self.gone)


async def then_of(twin: Twin, time_ms: float) -> Then | None:
    """What was in force at a time, ms since 1970 UTC; None: nobody noted it. DamagedFilmError."""
    scene = twin.film.scenes.at(time_ms)
    if scene is None:
        return None
    bindings = await twin.film.scenes.bindings(scene.bindings)
    if bindings.elements == twin.bindings.element_of:
        return Then(scene, bindings, twin.bound)
    kept: OrderedDict[str, BoundDevices] = twin.cached("bindings.then", OrderedDict)
    if scene.bindings not in kept:
        kept[scene.bindings] = await asyncio.to_thread(bind_devices, twin.package, bindings.elements)
    kept.move_to_end(scene.bindings)
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return Then(scene, bindings, kept[scene.bindings])


def rebound(then: Mapping[str, str | None], now: Mapping[str, str | None]) -> Rebound:
    """What differs between two moments' bindings, by device id in the order of the two."""
    return Rebound(
        moved=tuple(device for device, guid in then.items() if device in now and now[device] != guid),
        added=tuple(device for device in now if device not in then),
        gone=tuple(device for device in then if device not in now),
    )
