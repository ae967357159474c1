"""From what an analyst wants to see to a colour per element, and the legend that explains it. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

GREY = (0.72, 0.72, 0.72)
#: Ten colours that stay apart for colour-blind readers too (Tableau 10, Stone 2016).
PALETTE = (
    "#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#ff9da7", "#9c755f",
    "#d37295",
)  # fmt: skip
#: Stops of perceptually even maps, from low to high: viridis and its like (Smith and van der Walt 2015).
COLOUR_MAPS: Mapping[str, tuple[str, ...]] = {
    "viridis": ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"),
    "magma": ("#000004", "#51127c", "#b73779", "#fc8961", "#fcfdbf"),
    "coolwarm": ("#3b4cc0", "#8db0fe", "#dddddd", "#f49a7b", "#b40426"),
}
MOST_CATEGORIES = len(PALETTE)
OTHERS, NOTHING = "others", "no value"


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A colour, `#rrggbb`, what it means, and how many elements have it."""

    label: str
    colour: str
    count: int


@dataclass(frozen=True, slots=True)
class Legend:
    """What the colours mean. `scale` is (low, high, colours from low to high) where they are continuous."""

    title: str
    entries: tuple[LegendEntry, ...]
    scale: tuple[float, float, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Colouring:
    """colours (n, 3) float64, sRGB, 0 to 1, by element index; `known` (n,) says who has a value."""

    colours: Floats
    known: NDArray[np.bool_]
    legend: Legend


def rgb(colour: str) -> tuple[float, float, float]:
    """`#rrggbb` as three numbers, 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def by_value(
    values: Mapping[int, Any], count: int, title: str, drawn: NDArray[np.bool_], colour_map: str = "viridis"
) -> Colouring:
    """Colour elements by a value each: numbers along a map, anything else by kind.

    values: by element index; None and NaN are no value. count: how many elements there are. drawn: (count,)
    which of them the legend counts. Raises KeyError for an unknown colour map.
    """
    told = {index: value for index, value in values.items() if is_value(value)}
    if told and all(_is_number(value) for value in told.values()):
        numbers = {index: float(value) for index, value in told.items()}
        return _by_number(numbers, count, title, drawn, COLOUR_MAPS[colour_map])
    return _by_kind({index: _text(value) for index, value in told.items()}, count, title, drawn)


def is_value(value: Any) -> bool:
    """Whether a value says anything: not None, not NaN, not an empty text."""
    return not (
        value is None or value == "" or (isinstance(value, float | np.floating) and math.isnan(value))
    )


def along(values: Floats, stops: Sequence[str]) -> Floats:
    """Colours (n, 3) of values 0 to 1 along evenly spaced stops; what is beyond takes the end's colour."""
    table = np.array([rgb(stop) for stop in stops])
    places = np.linspace(0.0, 1.0, len(stops))
    return np.column_stack([np.interp(values, places, table[:, channel]) for channel in range(3)])


def _by_number(
    values: Mapping[int, float], count: int, title: str, drawn: NDArray[np.bool_], stops: tuple[str, ...]
) -> Colouring:
    indices = np.fromiter(values, dtype=np.int64, count=len(values))
    numbers = np.fromiter(values.values(), dtype=np.float64, count=len(values))
    finite = np.isfinite(numbers)
    low, high = (float(numbers[finite].min()), float(numbers[finite].max())) if finite.any() else (0.0, 0.0)
    share = np.full(len(numbers), 0.5) if high <= low else (np.clip(numbers, low, high) - low) / (high - low)
    colours, known = _grey(count)
    colours[indices], known[indices] = along(share, stops), True
    return Colouring(colours, known, Legend(title, _unknown(known, drawn), (low, high, stops)))


def _by_kind(values: Mapping[int, str], count: int, title: str, drawn: NDArray[np.bool_]) -> Colouring:
    shown = Counter(text for index, text in values.items() if drawn[index])
    for text in values.values():
        shown.setdefault(text, 0)
    frequent = sorted(shown.items(), key=lambda item: (-item[1], item[0]))
    room = MOST_CATEGORIES if len(frequent) <= MOST_CATEGORIES else MOST_CATEGORIES - 1
    colour_of = {text: PALETTE[place] for place, (text, _) in enumerate(frequent[:room])}
    colours, known = _grey(count)
    for index, text in values.items():
        colours[index], known[index] = rgb(colour_of.get(text, PALETTE[-1])), True
    entries = [LegendEntry(text, colour_of[text], number) for text, number in frequent[:room]]
    if frequent[room:]:
        entries.append(LegendEntry(OTHERS, PALETTE[-1], sum(number for _, number in frequent[room:])))
    return Colouring(colours, known, Legend(title, (*entries, *_unknown(known, drawn))))


def _grey(count: int) -> tuple[Floats, NDArray[np.bool_]]:
    return np.tile(np.array(GREY), (count, 1)), np.zeros(count, dtype=np.bool_)


def _unknown(known: NDArray[np.bool_], drawn: NDArray[np.bool_]) -> tuple[LegendEntry, ...]:
    number = int(np.count_nonzero(drawn & ~known))
    grey = "#" + "".join(f"{round(part * 255):02x}" for part in GREY)
    return (LegendEntry(NOTHING, grey, number),) if number else ()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(
        value, bool | np.bool_
    )


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
