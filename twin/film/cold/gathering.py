"""Makes few files of many: those of one day and policy that are smaller than a file may be become one.

The new file is written and read back first, then it counts in place of the old ones in one transaction, and
only then they are deleted: a stop at any moment leaves each segment in exactly one file that counts.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from twin.film.cold.ledger import ColdFile, ColdPart
from twin.film.cold.moving import Mover


@dataclass(frozen=True, slots=True)
class Content:
    """A file and what of it is needed."""

    file: ColdFile
    parts: tuple[ColdPart, ...]

    @property
    def samples(self) -> int:
        """How many samples of it are needed."""
        return sum(part.samples for part in self.parts)

    @property
    def segments(self) -> frozenset[int]:
        """The segments of which it has something."""
        return frozenset(part.segment for part in self.parts)


def gathered(contents: Sequence[Content], most: int) -> Iterator[tuple[Content, ...]]:
    """Files that are to be one, by time: of a day and policy, of at most so many samples together.

    Where two hold parts of the same segment they stay apart: a file holds a segment once.
    """
    ordered = sorted(contents, key=lambda each: (*_place(each), each.file.from_ms, each.file.key))
    for _, group in groupby(ordered, key=_place):
        run: list[Content] = []
        for each in group:
            fits = sum(other.samples for other in run) + each.samples <= most
            if run and not (fits and all(each.segments.isdisjoint(other.segments) for other in run)):
                yield tuple(run)
                run = []
            run.append(each)
        yield tuple(run)


def _place(content: Content) -> tuple[str, str]:
    return content.file.day, content.file.policy


async def gather(mover: Mover, most: int, show: Callable[[float], None] = lambda _done: None) -> int:
    """Join what is small; gives how many files fewer there are. The caller holds the film alone.

    Raises ColdAwayError, and what the database raises.
    """
    await mover.sweep()
    contents = [Content(file, tuple(parts)) for file, parts in await mover.contents()]
    runs = [run for run in gathered(contents, most) if len(run) > 1]
    fewer = 0
    for number, run in enumerate(runs):
        show(number / len(runs))
        if await mover.join([each.file for each in run], [part for each in run for part in each.parts]):
            fewer += len(run) - 1
            await mover.sweep()
    return fewer
