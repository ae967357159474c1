"""Paths into JSON documents: `$.a.b[0]`, `$['a key']`, `$.items[*].x`. Pure.

The part of JSONPath (RFC 9535) that names one place, or with `[*]` every element of a list. `$$` is the whole
message where `$` is one of its parts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: What a path finds where there is nothing.
MISSING = object()
EVERY = "*"
MOST = 10_000

_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[\*\]|\['([^']*)'\]", re.ASCII)

Step = str | int
Document = Any


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path, taken apart: names, positions, and `EVERY` in a step of its own."""

    text: str
    steps: tuple[tuple[str, Step], ...]
    from_root: bool = False

    @property
    def is_many(self) -> bool:
        """Whether it may find several."""
        return any(kind == EVERY for kind, _ in self.steps)

    def find(self, part: Document, root: Document = MISSING) -> Iterator[Any]:
        """Give what stands there, one after the other; nothing where there is nothing."""
        found = [root if self.from_root else part]
        for kind, step in self.steps:
            found = [value for each in found for value in _below(each, kind, step)][:MOST]
        yield from found

    def first(self, part: Document, root: Document = MISSING) -> Any:
        """Give the first that stands there, or MISSING."""
        return next(self.find(part, root), MISSING)


def _below(value: Any, kind: str, step: Step) -> Iterator[Any]:
    if kind == EVERY:
        yield from value if isinstance(value, list) else ()
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield value[step]
    elif isinstance(value, Mapping) and step in value:
        yield value[step]


def parse_path(text: str) -> JsonPath:
    """Read a path.

    Raises:
        ValueError: it is none; the text says where it goes wrong.
    """
    if not text.startswith("$"):
        raise ValueError(f"{text!r} is no path: it begins with $")
    from_root = text.startswith("$$")
    place = 2 if from_root else 1
    steps: list[tuple[str, Step]] = []
    while place < len(text):
        match = _STEP.match(text, place)
        if match is None:
            raise ValueError(f"{text!r} is no path from {text[place:]!r} on; write $.name, $[0], $['a key']")
        name, position, quoted = match.groups()
        if name is not None or quoted is not None:
            steps.append(("name", name if name is not None else quoted))
        else:
            steps.append((EVERY, EVERY) if position is None else ("place", int(position)))
        place = match.end()
    return JsonPath(text, tuple(steps), from_root)
