"""A STEP file as arrays: its instances, their classes, what they refer to, and a hash of their text. No I/O.

Nothing is parsed that a hash does not need: the bytes are looked through a few times by numpy, so that 27 MB
take a fraction of a second. ISO 10303-21, clause 7: strings are in single quotes, a quote in one is doubled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Indices = NDArray[np.int64]
Bytes = NDArray[np.uint8]

NOTHING = -1
_QUOTE, _HASH, _END = ord("'"), ord("#"), ord(";")
_MARKS = np.zeros(256, dtype=bool)
_MARKS[[_QUOTE, _HASH, _END]] = True
_IS_DIGIT = np.zeros(256, dtype=bool)
_IS_DIGIT[48:58] = True
_MOST_DIGITS = 18
_LONGEST_CLASS = 56
_BLOCK = 1 << 20
_RADIX = np.uint64(0x9E3779B97F4A7C15)
_INVERSE_RADIX = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))


@dataclass(frozen=True, slots=True, eq=False)
class StepGraph:
    """The instances of a STEP file, ascending by id.

    `ids` (n,); `classes` (n,) into `class_names`, capitals; `texts` (n,) uint64, a hash of each instance's
    text without the ids in it; `starts` (n + 1,): instance i refers to `targets[starts[i]:starts[i + 1]]`, in
    the text's order, NOTHING where there is no such instance. `header` is the file's text before its data;
    `opens` and `ends` (n,) are where in the data an instance's arguments begin and end: its `(` and its `;`.
    """

    ids: Indices
    classes: Indices
    class_names: tuple[str, ...]
    texts: Hashes
    starts: Indices
    targets: Indices
    header: bytes
    opens: Indices
    ends: Indices

    @property
    def owners(self) -> Indices:
        """The instance (r,) that each reference is in."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.starts))

    def positions(self) -> Indices:
        """The number (r,) of each reference within its instance."""
        return np.arange(len(self.targets)) - np.repeat(self.starts[:-1], np.diff(self.starts))

    def of_class(self, *names: str) -> NDArray[np.bool_]:
        """Say which instances (n,) are of one of these classes, themselves and not by inheritance."""
        wanted = [i for i, name in enumerate(self.class_names) if name in names]
        return np.isin(self.classes, wanted)


def data_of(content: bytes) -> Bytes | None:
    """Give the text of a file's data, (k,) uint8; None where it has none."""
    start = content.find(b"DATA;")
    return None if start < 0 else np.frombuffer(content, dtype=np.uint8)[start + 5 :]


def step_graph(content: bytes) -> StepGraph | None:
    """Read a file's text; None where it has no data or an unfinished statement, repeats an id or
    has comments within its data.
    """
    data = data_of(content)
    if data is None:
        return None
    start = len(content) - len(data)
    hashes, ends = _marks(data)
    # A comment could hold anything; exporters write them in the header alone.
    if len(ends) == 0 or content.find(b"/*", start) >= 0:
        return None
    statement = np.searchsorted(ends, hashes)
    if (statement == len(ends)).any():
        return None
    first = np.ones(len(hashes), dtype=bool)
    first[1:] = statement[1:] != statement[:-1]
    values, stops = _numbers(data, hashes + 1)
    ids, begin, end = values[first], stops[first], ends[statement[first]]
    owner = (np.cumsum(first) - 1)[~first]
    hashes, stops, values = hashes[~first], stops[~first], values[~first]
    del statement, ends, first  # of a large file each is some hundred MB
    order = np.argsort(ids, kind="stable")
    if len(ids) == 0 or (np.diff(ids[order]) == 0).any():
        return None
    classes, names, opens = _classes(data, begin, end)
    texts = _text_hashes(data, begin, end, hashes, stops)
    del begin, hashes, stops
    starts, targets = _references(ids[order], order, owner, values)
    return StepGraph(
        ids=ids[order],
        classes=classes[order],
        class_names=names,
        texts=texts[order],
        starts=starts,
        targets=targets,
        header=content[: start - 5],
        opens=opens[order],
        ends=end[order],
    )


def mixed(values: Hashes) -> Hashes:
    """Stir 64-bit numbers, each on its own (the finalizer of SplitMix64, Steele and others 2014)."""
    with np.errstate(over="ignore"):
        z = values + _RADIX
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


def ranges(begin: NDArray[np.integer], end: NDArray[np.integer]) -> Indices:
    """Join the ranges begin..end (k,) to one list of numbers."""
    lengths = (end - begin).astype(np.int64)
    offsets = np.repeat(begin - (np.cumsum(lengths) - lengths), lengths)
    return np.asarray(np.arange(int(lengths.sum())) + offsets)


def _marks(data: Bytes) -> tuple[Indices, Indices]:
    """Find the `#` and the `;` that are in no string."""
    at = np.flatnonzero(_MARKS[data])
    kind = data[at]
    outside = np.cumsum(kind == _QUOTE, dtype=np.int64) % 2 == 0
    return at[outside & (kind == _HASH)], at[outside & (kind == _END)]


def _numbers(data: Bytes, at: Indices) -> tuple[Indices, Indices]:
    """Read the decimal numbers that begin at `at`: their values and where they stop."""
    values, stops = np.zeros(len(at), dtype=np.int64), at.copy()
    active = np.arange(len(at))
    for _ in range(_MOST_DIGITS):
        inside = stops[active] < len(data)
        digits = data[np.minimum(stops[active], len(data) - 1)]
        going = inside & _IS_DIGIT[digits]
        active, digits = active[going], digits[going]
        if not len(active):
            break
        values[active] = values[active] * 10 + (digits - 48)
        stops[active] += 1
    return values, stops


def _classes(data: Bytes, begin: Indices, end: Indices) -> tuple[Indices, tuple[str, ...], Indices]:
    """Give each instance's class, which stands between its `=` and the first bracket, and that bracket."""
    values, weights = _byte_values(), mixed(np.arange(_LONGEST_CLASS, dtype=np.uint64))
    keys, stops = np.zeros(len(begin), dtype=np.uint64), begin.copy()
    active = np.arange(len(begin))
    for weight in weights:
        letters = data[np.minimum(stops[active], len(data) - 1)]
        going = (letters != ord("(")) & (stops[active] < end[active])
        active, letters = active[going], letters[going]
        if not len(active):
            break
        with np.errstate(over="ignore"):
            keys[active] += values[letters] * weight
        stops[active] += 1
    _, example, classes = np.unique(keys, return_index=True, return_inverse=True)
    texts = (bytes(data[begin[i] : stops[i]]) for i in example)
    names = tuple(text.decode("latin-1").strip("= \t\r\n").upper() for text in texts)
    return classes.astype(np.int64), names, stops


def _byte_values() -> Hashes:
    return mixed(np.arange(256, dtype=np.uint64) ^ np.uint64(0x5DEECE66D))


def _text_hashes(
    data: Bytes, begin: Indices, end: Indices, references: Indices, reference_stops: Indices
) -> Hashes:
    """Hash each instance's text from `begin` to `end`, without the digits of its references."""
    removed = np.zeros(len(references) + 1, dtype=np.int64)
    np.cumsum(reference_stops - references - 1, out=removed[1:])
    first = begin - removed[np.searchsorted(references, begin)]
    last = end - removed[np.searchsorted(references, end)]
    return _polynomials(_without(data, references + 1, reference_stops), first, last)


def _without(data: Bytes, begin: Indices, end: Indices) -> Iterator[Bytes]:
    """Leave stretches, ascending and apart, out of a text; gives the rest in blocks."""
    for low in range(0, len(data), _BLOCK):
        block = data[low : low + _BLOCK]
        one, other = np.searchsorted(end, low, "right"), np.searchsorted(begin, low + len(block))
        kept = np.ones(len(block), dtype=bool)
        _unmark(kept, np.maximum(begin[one:other] - low, 0), np.minimum(end[one:other] - low, len(block)))
        yield block[kept]


def _unmark(mask: NDArray[np.bool_], begin: Indices, end: Indices) -> None:
    """Clear the stretches of a mask; they are at most a few bytes long."""
    for offset in range(int((end - begin).max(initial=0))):
        at = begin + offset
        mask[at[at < end]] = False


def _polynomials(blocks: Iterable[Bytes], first: Indices, last: Indices) -> Hashes:
    """Hash stretches of a text, ascending and apart, as polynomials over random values of its bytes."""
    values = _byte_values()
    powers, inverses = _powers(_RADIX), _powers(_INVERSE_RADIX)
    running = np.zeros(len(first) * 2, dtype=np.uint64)
    cuts = np.stack([first, last], axis=1).ravel()
    total, low, done = np.uint64(0), 0, 0
    with np.errstate(over="ignore"):
        factor = np.uint64(1)
        for part in blocks:
            sums = np.concatenate([[np.uint64(0)], np.cumsum(values[part] * powers[: len(part)])])
            until = int(np.searchsorted(cuts, low + len(part)))
            running[done:until] = total + factor * sums[cuts[done:until] - low]
            total, low, done = total + factor * sums[-1], low + len(part), until
            factor = factor * powers[len(part) - 1] * _RADIX if len(part) else factor
        running[done:] = total
        shift = inverses[first % _BLOCK] * _inverse_of_blocks(first // _BLOCK)
        return mixed((running[1::2] - running[::2]) * shift)


def _powers(radix: np.uint64) -> Hashes:
    factors = np.full(_BLOCK, radix, dtype=np.uint64)
    factors[0] = 1
    with np.errstate(over="ignore"):
        return np.asarray(np.cumprod(factors))


def _inverse_of_blocks(blocks: Indices) -> Hashes:
    """The inverse of the radix to the power of so many whole blocks."""
    step = pow(int(_INVERSE_RADIX), _BLOCK, 1 << 64)
    table = [1]
    for _ in range(int(blocks.max(initial=0))):
        table.append(table[-1] * step % (1 << 64))
    return np.array(table, dtype=np.uint64)[blocks]


def _references(ids: Indices, order: Indices, owners: Indices, values: Indices) -> tuple[Indices, Indices]:
    """Give where each instance's references start and the instances that they mean."""
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    of_ranked = rank[owners]
    if len(of_ranked) and (np.diff(of_ranked) < 0).any():
        by_rank = np.argsort(of_ranked, kind="stable")
        of_ranked, values = of_ranked[by_rank], values[by_rank]
    starts = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum(np.bincount(of_ranked, minlength=len(ids)), out=starts[1:])
    return starts, _found(ids, values)


def _found(ids: Indices, values: Indices) -> Indices:
    highest = int(ids[-1])
    if highest < 4 * len(ids) + 1_000_000:
        table = np.full(highest + 1, NOTHING, dtype=np.int64)
        table[ids] = np.arange(len(ids))
        known = (values >= 0) & (values <= highest)
        return np.where(known, table[np.where(known, values, 0)], NOTHING)
    place = np.minimum(np.searchsorted(ids, values), len(ids) - 1)
    return np.where(ids[place] == values, place, NOTHING)
