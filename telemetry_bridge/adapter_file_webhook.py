"""The settings of a webhook, as `adapters.yaml` has them. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, BeforeValidator, ConfigDict, StringConstraints

from telemetry_bridge.adapter_file_parts import STRICT, AdapterSettings, EnvironmentName, Text
from telemetry_bridge.json_paths import parse_path
from telemetry_bridge.yaml_lines import Path

#: What events of other systems may be about; the server's own events have other nouns, and cannot be forged.
NOUNS = ("access", "video", "gate", "intercom", "external")


def _path(text: str) -> str:
    parse_path(text)
    return text


def _path_or_plain(value: Any) -> Any:
    return _path(value) if isinstance(value, str) and value.startswith("$") else value


def word(value: Any) -> str:
    """Give a JSON value as the text by which `map` and `when` know it: true, 3, enter."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _words(value: Any) -> Any:
    return [word(each) for each in value] if isinstance(value, list) else [word(value)]


PathText = Annotated[str, AfterValidator(_path)]
Word = Annotated[str, BeforeValidator(word)]
Scalar = str | float | bool
EventType = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(NOUNS)})\.[a-z][a-z0-9_]{{0,40}}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What stands at a path, translated by `map`; `default` where nothing stands there or `map` lacks it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    path: PathText
    map: dict[Word, Scalar] | None = None
    default: Scalar | None = None


#: A text that begins with $ is a path, any other value stands for itself.
Source = Annotated[Lookup | Scalar, BeforeValidator(_path_or_plain)]


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """What must stand at a path for a rule to count."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    path: PathText
    equals: Annotated[list[str], BeforeValidator(_words)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRule:
    """A sample that a message gives."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    device: Source
    point: Source
    value: Source
    time: PathText | None = None
    when: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """An event that a message gives; about a device, or about the webhook itself."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    type: EventType
    device: Source | None = None
    data: dict[Text, Source] = field(default_factory=dict)
    when: When | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings(AdapterSettings):
    """A webhook at `/api/hooks/<id>`.

    With `auth: hmac` the message is signed (Standard Webhooks: over id, time and body, two of them headers;
    with `signs: body` over the body alone, and then `message_id` and `message_time` are paths into it).
    With `auth: bearer` the secret comes in the Authorization header.
    """

    kind: Literal["webhook"]
    secret_env: EnvironmentName
    auth: Literal["hmac", "bearer"] = "hmac"
    signs: Literal["id_time_body", "body"] = "id_time_body"
    signature: Text = "webhook-signature"
    message_id: Text = "webhook-id"
    message_time: Text = "webhook-timestamp"
    max_age_s: Annotated[float, Gt(0), Le(3600)] = 300.0
    period_s: Annotated[float, Ge(0)] = 0.0
    """The sender is taken for down when it was silent for so long; 0: it may be silent for ever."""
    each: PathText = "$"
    samples: list[SampleRule] = field(default_factory=list)
    events: list[EventRule] = field(default_factory=list)

    def faults(self) -> Iterator[tuple[Path, str]]:
        """Give what does not fit together, each with its place in the entry."""
        if not self.samples and not self.events:
            yield (), "no samples and no events: nothing would come of a message"
        for name in ("message_id", "message_time"):
            text: str = getattr(self, name)
            if text.startswith("$"):
                try:
                    parse_path(text)
                except ValueError as error:
                    yield (name,), str(error)
            elif self.auth == "hmac" and self.signs == "body":
                yield (
                    (name,),
                    f"{name}: with signs: body it must be a path such as $.id: headers are not signed",
                )
