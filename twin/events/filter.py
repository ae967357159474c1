"""Which events somebody wants. No I/O."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; what is None does not filter.

    Times are ms since 1970 UTC, `to_ms` not included; `type` and `subject` may end with `*`. `about`: those
    with any of these keys (`about.keys_of`); `severity` one of `event.SEVERITIES`; `text` what a person
    typed, see `words`.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    type: str | None = None
    subject: str | None = None
    after_seq: int | None = None
    before_seq: int | None = None
    about: frozenset[str] | None = None
    severity: str | None = None
    text: str | None = None
