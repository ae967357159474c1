"""What the routes of notes take and answer."""

from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from twin.http.schemas import FROM, Answer

MOST_CHARACTERS = 4000


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text has no NUL characters")
    return text


NoteText = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(_without_nul)]
Guid = Annotated[str, Field(min_length=1, max_length=64)]


class NoteIn(BaseModel):
    """A note about a moment (`from` alone) or an interval, also at an element (guid); '' is a bare marker."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)

    text: NoteText = ""
    from_time: AwareDatetime = Field(alias="from")
    to: AwareDatetime | None = None
    element: Guid | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.to is not None and self.to <= self.from_time:
            raise ValueError("'to' must be later than 'from'; leave it out for a moment")
        return self


class NoteChange(NoteIn):
    """What a note says from now on; `revision` is the one that was read."""

    revision: int = Field(ge=1)


class NoteOut(Answer):
    """A note; `may_change`: whether whoever asks may change it or take it away."""

    id: str
    text: str
    from_time: str = FROM
    to: str | None
    element: str | None
    element_index: int | None
    author: str
    created: str
    changed: str
    revision: int
    may_change: bool


class NotePage(Answer):
    """A part of the list."""

    items: list[NoteOut]
    next: str | None
