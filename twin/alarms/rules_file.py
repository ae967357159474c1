"""`rules.yaml`: read and checked as a whole, every fault named by file and rule."""

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from telemetry_bridge.points import Label
from telemetry_bridge.wire import Quality
from twin.alarms.model import Check, Condition, Match, Priority, Rule
from twin.errors import VenueError
from twin.venue import Name

FILE = "rules.yaml"
PLACEHOLDERS = frozenset({"device", "space", "value", "limit"})
LONGEST_DELAY_S = 30 * 86_400.0


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _key(value: object) -> object:
    """YAML reads the bare words ``on`` and ``off`` as booleans."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value


def _listed(value: object) -> object:
    if isinstance(value, list):
        return [_key(each) for each in value]
    return [_key(value)]


Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed)]
QualityKey = Literal["stale", "bad"]


class _Match(_Part):
    point_class: Texts = ()
    device_type: Texts = ()
    device: Texts = ()
    point: Texts = ()
    space_function: Texts = ()

    @model_validator(mode="after")
    def _not_everything(self) -> "_Match":
        if not (self.point_class or self.device_type or self.device):
            raise ValueError("give point_class, device_type or device, so that it does not mean every point")
        return self


class _Condition(_Part):
    above: float | None = None
    below: float | None = None
    hysteresis: float = Field(default=0.0, ge=0)
    state: Texts | None = None
    quality: Annotated[tuple[QualityKey, ...], BeforeValidator(_listed)] | None = None
    delay_s: float = Field(default=0.0, ge=0, le=LONGEST_DELAY_S)
    off_delay_s: float = Field(default=0.0, ge=0, le=LONGEST_DELAY_S)

    @model_validator(mode="after")
    def _one_check(self) -> "_Condition":
        given = [name for name in ("above", "below", "state", "quality") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of above, below, state and quality, not {len(given)} of them")
        if self.hysteresis and given[0] not in ("above", "below"):
            raise ValueError("hysteresis goes with above or below")
        if self.state == () or self.quality == ():
            raise ValueError(f"{given[0]} is empty: name one at least")
        return self

    @property
    def check(self) -> Check:
        """Which of the four it is."""
        return next(each for each in Check if getattr(self, each.value) is not None)


class _Rule(_Part):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    name: Name
    priority: Literal["critical", "high", "medium", "low"]
    match: _Match
    condition: _Condition
    message: Name
    cause_data: Texts = ()

    @model_validator(mode="after")
    def _known_placeholders(self) -> "_Rule":
        for language in ("zh", "en"):
            if not getattr(self.name, language) or not getattr(self.message, language):
                raise ValueError(f"name and message need a text in {language}")
            _check_placeholders(getattr(self.message, language))
        return self


def _check_placeholders(text: str) -> None:
    """Raises ValueError for a message that cannot be filled in."""
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(
            f"message '{text}': a brace is open; write {{value}}, or {{{{ for a brace"
        ) from error
    if any(detail or conversion for _, _, detail, conversion in parsed):
        raise ValueError(f"message '{text}': write a placeholder without a format, such as {{value}}")
    unknown = sorted({field for _, field, _, _ in parsed if field is not None} - PLACEHOLDERS)
    if unknown:
        raise ValueError(
            f"message '{text}': no placeholder {{{unknown[0]}}}; there are {', '.join(sorted(PLACEHOLDERS))}"
        )


def load_rules(folder: Path) -> tuple[Rule, ...]:
    """The rules of a venue folder, in the file's order; none without the file.

    Raises VenueError with every fault of every rule.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise VenueError(str(folder), [f"{FILE}: not YAML: {' '.join(str(error).split())}"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise VenueError(str(folder), [f"{FILE}: cannot be read: {error}"]) from error
    rules, faults = parse_rules(content)
    if faults:
        raise VenueError(str(folder), faults)
    return rules


def parse_rules(content: Any) -> tuple[tuple[Rule, ...], list[str]]:
    """The rules that are sound, and what is wrong with the others, a line each."""
    if isinstance(content, dict) and list(content) == ["rules"]:
        content = content["rules"]
    if content is None:
        return (), []
    if not isinstance(content, list):
        return (), [f"{FILE}: a list of rules is wanted"]
    rules: list[Rule] = []
    faults: list[str] = []
    for number, item in enumerate(content):
        try:
            rules.append(_rule(_Rule.model_validate(item)))
        except ValidationError as error:
            faults.extend(_faults(item, number, error))
    return tuple(rules), faults + _repeated(rules)


def _rule(read: _Rule) -> Rule:
    when = read.condition
    qualities = tuple(Quality[key.upper()] for key in when.quality or ())
    condition = Condition(
        check=when.check,
        limit=when.above if when.above is not None else when.below or 0.0,
        hysteresis=when.hysteresis,
        states=when.state or (),
        qualities=qualities,
        delay_s=when.delay_s,
        off_delay_s=when.off_delay_s,
    )
    return Rule(
        id=read.id,
        name=Label(read.name.zh, read.name.en),
        priority=Priority[read.priority.upper()],
        match=Match(**read.match.model_dump()),
        condition=condition,
        message=Label(read.message.zh, read.message.en),
        cause_data=read.cause_data,
    )


def _faults(item: Any, number: int, error: ValidationError) -> Iterator[str]:
    name = item.get("id") if isinstance(item, dict) else None
    rule = f"rule '{name}'" if isinstance(name, str) and name else f"rule {number + 1}"
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        yield f"{FILE}: {rule}: {where}: {message}" if where else f"{FILE}: {rule}: {message}"


def _repeated(rules: list[Rule]) -> list[str]:
    ids = [rule.id for rule in rules]
    twice = sorted({each for each in ids if ids.count(each) > 1})
    return [f"{FILE}: rule '{each}': the id is used more than once" for each in twice]
