"""`bindings.yaml`: rules that say to which element a device belongs. Read and checked as a whole, by line."""

import re
import string
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    field_validator,
    model_validator,
)

from twin.listed_yaml import Texts, load_listed, parse_listed

FILE = "bindings.yaml"
By = Literal["tag", "name", "property", "nearest"]
DEFAULT_WITHIN_M = 5.0


@dataclass(frozen=True, slots=True)
class BindingRule:
    """How an element of a device is found.

    `devices` and `types` are globs, empty: all. `pattern` is a regular expression over the device's id, whose
    named groups the templates may use, beside `{device}`, `{tag}`, `{name_zh}`, `{name_en}`, `{type}` and the
    device's columns. `tag`, `name` and `property` look for the element whose text is `key`; `nearest` for
    the free element nearest to `position` (`x,y,z`, m) in the space that `space` names, by number or name;
    without a position for any free one there. `classes` empty: that of the device's type.

    `bind`: what it finds beyond doubt is bound without asking.
    """

    id: str
    by: By
    key: str = "{device}"
    properties: tuple[tuple[str, str], ...] = ()
    space: str = ""
    position: str = ""
    within_m: float = DEFAULT_WITHIN_M
    devices: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    confidence: float = 0.9
    bind: bool = False


#: What is looked for where a venue has no rules: guesses alone, nothing is bound without asking.
#: Properties: IFC4 ADD2 TC1 Pset_ManufacturerOccurrence, COBie 2.4's Component sheet, Revit's Mark.
DEFAULT_RULES = (
    BindingRule("tag", "tag", confidence=0.95),
    BindingRule("own-tag", "tag", key="{tag}", confidence=0.9),
    BindingRule(
        "asset-property",
        "property",
        properties=(
            ("COBie_Component", "AssetIdentifier"),
            ("COBie_Component", "TagNumber"),
            ("COBie_Component", "BarCode"),
            ("Pset_ManufacturerOccurrence", "BarCode"),
            ("Pset_ManufacturerOccurrence", "SerialNumber"),
            ("Identity Data", "Mark"),
        ),
        confidence=0.9,
    ),
    BindingRule("name", "name", confidence=0.8),
)


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    by: By
    key: str = "{device}"
    property: Texts = ()
    space: str = ""
    position: str = ""
    within_m: float = Field(default=DEFAULT_WITHIN_M, gt=0)
    devices: Texts = ()
    types: Texts = ()
    classes: Annotated[Texts, Field(alias="class")] = ()
    pattern: re.Pattern[str] | None = None
    confidence: float = Field(default=0.9, gt=0, le=1)
    bind: bool = False

    @field_validator("pattern", mode="before")
    @classmethod
    def _compiled(cls, text: Any) -> Any:
        if not isinstance(text, str):
            return text
        try:
            return re.compile(text)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error

    @field_validator("property")
    @classmethod
    def _set_and_name(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not all(name.partition(".")[::2]):
                raise ValueError(f"{name!r} is no Set.Property, such as Pset_ManufacturerOccurrence.BarCode")
        return names

    @field_validator("key", "space", "position")
    @classmethod
    def _template(cls, text: str) -> str:
        try:
            parsed = list(string.Formatter().parse(text))
        except ValueError as error:
            raise ValueError(f"{text!r}: a brace is open; write {{device}}, or {{{{ for a brace") from error
        if any(detail or conversion or field == "" for _, field, detail, conversion in parsed):
            raise ValueError(f"{text!r}: write a placeholder without a format, such as {{device}}")
        return text

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.by == "property") != bool(self.property):
            raise ValueError("by: property goes with property: Set.Property, and with nothing else")
        if self.by != "nearest" and (self.space or self.position):
            raise ValueError("space and position go with by: nearest")
        if self.by == "nearest" and not (self.space or self.position):
            raise ValueError("by: nearest needs a space or a position")
        return self

    def rule(self) -> BindingRule:
        """Give the rule as the rest of the program holds it."""
        pairs = (name.rpartition(".") for name in self.property)
        content = self.model_dump(exclude={"property"})
        return BindingRule(**content, properties=tuple((pset, name) for pset, _, name in pairs))


_ENTRIES = TypeAdapter(list[_Entry])


def load_binding_rules(folder: Path | None) -> tuple[BindingRule, ...]:
    """The rules of a venue folder in the file's order; without the file `DEFAULT_RULES`.

    Raises VenueError with every fault, each with its line.
    """
    entries = load_listed(folder, FILE, "rules", _ENTRIES)
    return DEFAULT_RULES if entries is None else tuple(each.rule() for each in entries)


def parse_binding_rules(text: str) -> tuple[BindingRule, ...]:
    """Read `bindings.yaml`: a list of rules, or one below `rules`. Raises RegistryError with every fault."""
    return tuple(each.rule() for each in parse_listed(text, FILE, "rules", _ENTRIES))
