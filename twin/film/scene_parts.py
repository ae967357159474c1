"""An export's `scenes.json` and `bindings/HASH`: which model and which bindings were in force. Pure.

`scenes.json` is a list of stays in order, none over another. A set of bindings is one line of JSON that
names the set from which it differs, null where it is whole, and then its bytes as the database keeps them.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from twin.errors import DamagedFilmError
from twin.film.scene_book import SceneBook
from twin.film.scene_carrying import Stay, stays
from twin.film.scenes import StoredBindings, unreadable
from twin.film.timeline import Piece

SCENES: Final = "scenes.json"
FOLDER: Final = "bindings/"
HASH: Final = "[0-9a-f]{16}"
MOST_HEAD: Final = 200

Key = Annotated[str, Field(pattern=f"^{HASH}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Stay(_Strict):
    from_ms: float
    until_ms: float
    revision: str = Field(max_length=64, pattern=r"^[^\x00]*$")
    bindings: Key


class _Head(_Strict):
    base: Key | None


_STAYS = TypeAdapter(list[_Stay])


@dataclass(frozen=True, slots=True)
class CarriedScenes:
    """What was in force, in order, and every set of bindings that it needs, once: whole ones come first."""

    stays: tuple[Stay, ...] = ()
    sets: tuple[StoredBindings, ...] = ()

    def fault(self) -> str | None:
        """What no export has; None: nothing."""
        for one, other in pairwise(self.stays):
            if one.until_ms > other.from_ms:
                return "its scenes are not in order of time"
        for each in self.stays:
            if not (math.isfinite(each.from_ms) and each.from_ms < each.until_ms < math.inf):
                return "a scene of it ends before it begins"
        lacks = {each.bindings for each in self.stays} - {each.hash for each in self.sets}
        if lacks:
            return f"it lacks the bindings {min(lacks)}"
        wrong = unreadable({each.hash: each for each in self.sets})
        return next(iter(wrong.values()), None)

    def only(self, parts: Iterable[Stay]) -> "CarriedScenes":
        """Parts of it, with the sets that they need."""
        kept = tuple(parts)
        by_hash = {each.hash: each for each in self.sets}
        return CarriedScenes(kept, _needed([each.bindings for each in kept], by_hash))


def carried(
    book: SceneBook, sets: Mapping[str, StoredBindings], film: Sequence[Piece], from_ms: float, to_ms: float
) -> CarriedScenes:
    """What a film takes along of a span. DamagedFilmError: bindings are missing or cannot be read."""
    found = stays(book, film, from_ms, to_ms)
    both = CarriedScenes(tuple(found), _needed([each.bindings for each in found], sets))
    fault = both.fault()
    if fault is not None:
        raise DamagedFilmError(f"{fault}; see twin film verify")
    return both


def _needed(keys: Sequence[str], sets: Mapping[str, StoredBindings]) -> tuple[StoredBindings, ...]:
    wanted = [sets[key] for key in dict.fromkeys(keys) if key in sets]
    bases = [sets[each.base] for each in wanted if each.base is not None and each.base in sets]
    found = {each.hash: each for each in (*bases, *wanted)}
    return tuple(sorted(found.values(), key=lambda each: (each.base is not None, each.hash)))


def encode_stays(found: Sequence[Stay]) -> bytes:
    """`scenes.json`."""
    return json.dumps([asdict(each) for each in found], allow_nan=False, indent=0).encode()


def decode_stays(data: bytes) -> tuple[Stay, ...]:
    """Read `scenes.json`. ValueError: it is none."""
    try:
        found = _STAYS.validate_json(data)
    except ValidationError as error:
        raise ValueError(f"{SCENES}: {error.errors()[0]['msg'][:100]}") from error
    return tuple(Stay(each.from_ms, each.until_ms, each.revision, each.bindings) for each in found)


def encode_set(stored: StoredBindings) -> bytes:
    """`bindings/HASH`."""
    return json.dumps({"base": stored.base}).encode() + b"\n" + stored.data


def decode_set(key: str, data: bytes) -> StoredBindings:
    """Read `bindings/HASH`. ValueError: it is none."""
    line, _, rest = data.partition(b"\n")
    try:
        head = _Head.model_validate_json(line[:MOST_HEAD])
    except ValidationError as error:
        raise ValueError(f"{FOLDER}{key} does not say from which set it differs") from error
    return StoredBindings(key, head.base, rest)
