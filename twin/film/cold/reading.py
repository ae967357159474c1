"""Reads segments out of cold files. All of it blocks: call it in threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, TypeVar

from twin.errors import ColdAwayError, DamagedFilmError
from twin.film.cold.ledger import ColdPart
from twin.film.cold.parquet import Content, FileMap, read_groups, read_map
from twin.film.cold.shelf import SETTING, MissingFileError, Shelf, away
from twin.film.segment import Segment

MAPS_BYTES: Final = 16 << 20
GROUPS_AT_ONCE: Final = 16  # of a point's history in memory
#: What a store's client says when it is the store that fails, not the file.
STORE_FAILS: Final = ("AWS Error", "curlCode")
Found = TypeVar("Found")


class ColdReader:
    """Keeps the footers of the files that were read last."""

    def __init__(self, shelf: Shelf | None) -> None:
        self._shelf = shelf
        self._maps: OrderedDict[str, FileMap] = OrderedDict()
        self._lock = threading.Lock()

    def segments(self, parts: Sequence[ColdPart], start_ms: float) -> list[Segment]:
        """What files hold of one segment.

        Raises:
            ColdAwayError: the files cannot be reached.
            DamagedFilmError: one cannot be read, or holds something else.
            MissingFileError: one is not there.
        """
        return [self._of_part(part, start_ms) for part in parts]

    def _of_part(self, part: ColdPart, start_ms: float) -> Segment:
        [content] = self._contents(part.file, [_groups(part)])
        found = content.segment(part.segment, start_ms)
        if len(found) != part.samples or len(found) + len(found.keyframe) != len(content.samples):
            raise self._damaged(part.file, "it holds other samples than it should")
        return found

    def point(
        self, number: int, wanted: Mapping[int, tuple[float, Sequence[ColdPart]]]
    ) -> dict[int, Segment]:
        """What files hold of a point's number, by segment; `wanted`: each segment's start and parts.

        Raises as `segments` does. A segment of which they have nothing of the point is left out.
        """
        found: dict[int, Segment] = {}
        parts = sorted((part for _, each in wanted.values() for part in each), key=lambda each: each.file)
        for key, own in groupby(parts, key=lambda each: each.file):
            for segment_id, segment in self._point_in(key, list(own), number, wanted):
                found[segment_id] = segment
        return found

    def _point_in(
        self,
        key: str,
        parts: Sequence[ColdPart],
        number: int,
        wanted: Mapping[int, tuple[float, Sequence[ColdPart]]],
    ) -> Iterator[tuple[int, Segment]]:
        groups = [each for part in parts for each in _groups(part)]
        chosen = self._map(key).groups_of(groups, number)
        batches = [chosen[at : at + GROUPS_AT_ONCE] for at in range(0, len(chosen), GROUPS_AT_ONCE)]
        for content in self._contents(key, batches):
            own = content.of_point(number)
            for segment_id in dict.fromkeys(own.segment_id.tolist()):
                if segment_id in wanted:
                    yield segment_id, own.segment(segment_id, wanted[segment_id][0])

    def _contents(self, key: str, batches: Iterable[Sequence[int]]) -> list[Content]:
        """Some row groups at a time."""
        known = self._map(key)

        def read(file: Any) -> list[Content]:
            return [read_groups(file, known, batch) for batch in batches if batch]

        return self._with_file(key, read)

    def _map(self, key: str) -> FileMap:
        with self._lock:
            if key in self._maps:
                self._maps.move_to_end(key)
                return self._maps[key]
        found = self._with_file(key, read_map)
        with self._lock:
            self._maps[key] = found
            while len(self._maps) > 1 and sum(each.nbytes for each in self._maps.values()) > MAPS_BYTES:
                self._maps.popitem(last=False)
        return found

    def data(self, key: str) -> bytes:
        """A whole file. Raises as `segments` does."""
        return self._with_file(key, lambda file: bytes(file.read()))

    def _with_file(self, key: str, read: Callable[[Any], Found]) -> Found:
        if self._shelf is None:
            raise ColdAwayError(
                f"that day lies in cold storage, and {SETTING} is not set: set it to where the files are"
            )
        file = self._shelf.open(key)
        try:
            return read(file)
        except DamagedFilmError as error:
            raise self._damaged(key, str(error)) from error
        except MissingFileError:
            raise
        except OSError as error:
            if error.errno is not None or any(word in str(error) for word in STORE_FAILS):
                raise away(self._shelf.place, error) from error
            raise self._damaged(key, " ".join(str(error).split())[:120]) from error
        finally:
            file.close()

    def _damaged(self, key: str, reason: str) -> DamagedFilmError:
        place = "" if self._shelf is None else self._shelf.place
        return DamagedFilmError(f"the cold file {key} in {place} is damaged ({reason})")


def _groups(part: ColdPart) -> range:
    return range(part.row_group, part.row_group + part.row_groups)
