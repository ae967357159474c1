"""What `/api/bindings/report` and its neighbours take and answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from twin.http.schemas import Answer, Box
from twin.venue import Name

DeviceId = Annotated[str, Field(max_length=100)]
Guid = Annotated[str, Field(max_length=64)]
RowKind = Literal["vanished", "ruled", "guessed", "unbound", "aside"]


class PlacedElement(Answer):
    """An element as a list shows it; `storey` and `space` are guids, `box` in local metres."""

    guid: str
    element_index: int
    name: Name
    tag: str
    ifc_class: str
    storey: str | None
    space: str | None
    box: Box | None


class GuessOut(Answer):
    """An element that a device may belong to: how likely (0..1), which rules found it, by which text."""

    element: PlacedElement
    confidence: float
    rules: list[str]
    text: str
    distance_m: float | None


class PastElement(Answer):
    """An element that the revision before still had."""

    guid: str
    name: str
    ifc_class: str
    storey: str | None
    box: Box | None


class ReportRow(Answer):
    """A device that deserves a look.

    `vanished`: its element is not in the model any more; `ruled`: a rule bound it and nobody has confirmed
    it; `guessed`, `unbound`: it has no element, and there are guesses or none; `aside`: somebody said that it
    belongs to none. `element` is the guid that it is bound to.
    """

    device: str
    name: Name
    type: str
    type_name: Name
    kind: RowKind
    element: str | None
    bound: PlacedElement | None
    past: PastElement | None
    guesses: list[GuessOut]


class SharedElement(Answer):
    """An element with several devices; `doubtful` where two of them are of one type."""

    element: PlacedElement | None
    guid: str
    devices: list[str]
    doubtful: bool


class ReportCounts(Answer):
    """How many devices are of each kind; `settled` are bound and need no look."""

    vanished: int
    ruled: int
    guessed: int
    unbound: int
    aside: int
    settled: int
    shared: int
    doubtful: int


class BindingsReport(Answer):
    """What about the bindings deserves a person's look; the counts are of all, whatever the filter."""

    items: list[ReportRow]
    next: str | None
    counts: ReportCounts
    shared: list[SharedElement]


class AcceptedBinding(BaseModel):
    """A device and the element that it belongs to; null: to none."""

    model_config = ConfigDict(extra="forbid")

    device: DeviceId
    element: Guid | None


class AcceptBindings(BaseModel):
    """Bindings that a person has looked at."""

    model_config = ConfigDict(extra="forbid")

    items: list[AcceptedBinding] = Field(min_length=1, max_length=10_000)
    reason: str = Field(default="", max_length=200)


class RejectedGuess(BaseModel):
    """A guess that is wrong."""

    model_config = ConfigDict(extra="forbid")

    device: DeviceId
    element: Guid


class RejectGuesses(BaseModel):
    """Guesses that are wrong; they are not made again."""

    model_config = ConfigDict(extra="forbid")

    items: list[RejectedGuess] = Field(min_length=1, max_length=10_000)
    reason: str = Field(default="", max_length=200)


class BindingTableImport(Answer):
    """What an import of bindings did, or would do."""

    rows: int
    changed: list[str]
    applied: bool
