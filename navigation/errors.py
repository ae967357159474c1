"""Every error that `navigation` raises.

```
NavigationError             one line that says what to do
├── PlaceError              what was asked for is no place of this model
│   └── AmbiguousPlaceError a name that several places have
├── ProfileError            no such profile
└── NoRouteError            there is no way; says why and what stands in it
```
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Reason: TypeAlias = Literal["locked", "not_step_free", "not_connected", "unreachable_place"]


class NavigationError(Exception):
    """Base of all errors of this package; its text is one line that says what to do."""


class PlaceError(NavigationError):
    """The model has no such place, or nobody can stand there."""


class AmbiguousPlaceError(PlaceError):
    """Several places have the name."""


class ProfileError(NavigationError):
    """There is no such profile."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """What stands in the way: a locked door, a stair, a narrow door; `guid` None for an open passage."""

    kind: str
    guid: str | None
    name_zh: str
    name_en: str


class NoRouteError(NavigationError):
    """There is no way. `reason` for programs, `zh` and `en` for people, `blockers` along the best way."""

    def __init__(self, reason: Reason, zh: str, en: str, blockers: tuple[Blocker, ...] = ()) -> None:
        super().__init__(en)
        self.reason: Reason = reason
        self.zh = zh
        self.en = en
        self.blockers = blockers

    def told_in(self, language: str) -> NoRouteError:
        """The same error, its text in a language."""
        told = NoRouteError(self.reason, self.zh, self.en, self.blockers)
        told.args = (self.zh if language == "zh-CN" else self.en,)
        return told

    def faults(self) -> tuple[dict[str, Any], ...]:
        """What stands in the way: `reason`, `kind`, `where` (a guid), `message`, `message_en`."""
        told = tuple(
            {
                "reason": self.reason,
                "kind": each.kind,
                "where": each.guid,
                "message": each.name_zh,
                "message_en": each.name_en,
            }
            for each in self.blockers
        )
        return told or ({"reason": self.reason},)
