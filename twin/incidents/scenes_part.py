"""An archive's `scenes.json`: which model revision and which bindings were in force in its time. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from twin.film.scenes import BindingSet, Scene
from twin.incidents.errors import ArchiveError

PART = "scenes.json"
DAMAGED = "the archive's scenes (which bindings were in force when) are damaged"


@dataclass(frozen=True, slots=True)
class PastScenes:
    """Scenes one after the other, the last without an end, and their bindings by hash."""

    scenes: tuple[Scene, ...] = ()
    sets: tuple[BindingSet, ...] = ()

    def at(self, time_ms: float) -> Scene | None:
        """What was in force at a time; None: nobody noted it."""
        before = [scene for scene in self.scenes if scene.from_ms <= time_ms]
        return before[-1] if before else None

    def bindings(self, scene: Scene) -> Mapping[str, str | None]:
        """The elements of a scene's devices, by guid; None: of none."""
        return next(found for found in self.sets if found.hash == scene.bindings).elements


def joined(found: Sequence[tuple[float, Scene]], sets: Sequence[BindingSet]) -> PastScenes:
    """What was in force in a stretch, from when on each; `found` as `Scenes.between` gives it."""
    begins = [
        min(since_ms, scene.from_ms) if row == 0 else since_ms for row, (since_ms, scene) in enumerate(found)
    ]
    ends: list[float | None] = [*begins[1:], None]
    scenes = (
        Scene(row + 1, begin_ms, end_ms, scene.revision, scene.bindings)
        for row, (begin_ms, end_ms, (_, scene)) in enumerate(zip(begins, ends, found, strict=False))
    )
    return PastScenes(tuple(scenes), tuple(sets))


def scenes_document(past: PastScenes) -> dict[str, Any]:
    """As the part has it."""
    return {
        "scenes": [
            {"from_ms": scene.from_ms, "revision": scene.revision, "bindings": scene.bindings}
            for scene in past.scenes
        ],
        "bindings": {found.hash: dict(found.elements) for found in past.sets},
    }


def read_scenes(document: Any) -> PastScenes:
    """Read the part. ArchiveError: it is none."""
    try:
        sets = [BindingSet.of(_elements(each)) for each in document["bindings"].values()]
        is_whole = [found.hash for found in sets] == list(document["bindings"])
        begins = [float(each["from_ms"]) for each in document["scenes"]]
        marks = [(str(each["revision"]), str(each["bindings"])) for each in document["scenes"]]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ArchiveError(DAMAGED) from error
    in_order = all(map(math.isfinite, begins)) and all(one < other for one, other in pairwise(begins))
    if not (is_whole and in_order and {key for _, key in marks} <= set(document["bindings"])):
        raise ArchiveError(DAMAGED)
    ends: list[float | None] = [*begins[1:], None]
    rows = zip(begins, ends, marks, strict=False)
    scenes = (Scene(row + 1, begin, end, *mark) for row, (begin, end, mark) in enumerate(rows))
    return PastScenes(tuple(scenes), tuple(sets))


def _elements(document: Any) -> dict[str, str | None]:
    if not isinstance(document, dict) or not all(isinstance(each, str | None) for each in document.values()):
        raise TypeError("no bindings")
    return document
