"""What of an event can be searched for, and whether a text that a person typed is found in it. No I/O.

Text is cut into runs: of Chinese, Japanese or Korean characters, and of other letters and digits (a word). A
run of CJK characters is found wherever it stands, a word where one begins with it: `照明`, `B1-AHU-00`. An
index holds terms, by which a database finds candidates; `Sought.finds` then decides.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spatial.text import CJK_RANGES, folded
from twin.events.event import Event

_CJK = "".join(f"{chr(low)}-{chr(high)}" for low, high in CJK_RANGES)
_RUN = re.compile(f"([{_CJK}]+)|([^\\W_{_CJK}]+)")
LONGEST_TERM = 48
MOST_TEXT = 10_000
"""Characters of an event that can be searched: all of what people and devices write, none of a flood."""
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Sought:
    """What a person looks for: every pattern must be in an event's `searched`.

    `terms` and `beginnings` are necessary, not sufficient: terms that the event has, and what terms of it
    begin with.
    """

    patterns: tuple[str, ...]
    terms: tuple[str, ...]
    beginnings: tuple[str, ...]

    def finds(self, text: str) -> bool:
        """Whether all of it is in what `searched` gave."""
        return all(pattern in text for pattern in self.patterns)


def searched(event: Event) -> str:
    """What of an event is searched: its type, subject, actor, and the texts and whole numbers of its data.

    Folded, runs with a blank before each; texts apart by a line.
    """
    texts = (event.type, event.subject, event.actor, *_leaves(event.data))
    return "\n".join(_spaced(text) for text in texts)[:MOST_TEXT]


def terms(text: str) -> set[str]:
    """The terms of what `searched` gave: words, pairs of CJK characters, and the last of each run alone."""
    return {term for match in _RUN.finditer(text) for term in _terms_of(match)}


def sought(text: str) -> Sought:
    """What a person typed. Without patterns: nothing in it can be searched for."""
    patterns: list[str] = []
    exact: list[str] = []
    beginnings: list[str] = []
    for chunk in folded(text[:MOST_TEXT]).split():
        found = list(_RUN.finditer(chunk))
        if not found:
            continue
        patterns.append("".join(_spaced_run(match) for match in found).removeprefix(_lead(found[0])))
        for match in found:
            _sort_terms(match, exact, beginnings, is_last=match is found[-1])
    return Sought(*(tuple(dict.fromkeys(each)) for each in (patterns, exact, beginnings)))


def _sort_terms(match: re.Match[str], exact: list[str], beginnings: list[str], *, is_last: bool) -> None:
    """What an event's terms must be, and begin with, so that a run can be in it."""
    run = match[0]
    if match[1]:
        pairs = [run[place : place + 2] for place in range(len(run) - 1)]
        (exact if pairs else beginnings).extend(pairs or [run])
    elif is_last or len(run) >= LONGEST_TERM:
        beginnings.append(run[:LONGEST_TERM])
    else:
        exact.append(run)


def _terms_of(match: re.Match[str]) -> Iterator[str]:
    run = match[0]
    if match[1]:
        yield from (run[place : place + 2] for place in range(len(run)))
    else:
        yield run[:LONGEST_TERM]


def _spaced(text: str) -> str:
    return "".join(_spaced_run(match) for match in _RUN.finditer(folded(text)))


def _spaced_run(match: re.Match[str]) -> str:
    return f" {match[0]}"


def _lead(match: re.Match[str]) -> str:
    """What a pattern does not begin with: a word must begin where it is found, a CJK run need not."""
    return " " if match[1] else ""


def _leaves(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, Mapping | list | tuple) and depth < DEEPEST:
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(each, depth + 1)
