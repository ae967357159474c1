"""What `/api/devices` takes and answers about a device as people keep it: facts, secrets, refusals."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from twin.http.schemas import Answer

Fact = Annotated[str | None, Field(max_length=200)]
DeviceId = Annotated[str, Field(min_length=1, max_length=100)]


class DeviceFacts(Answer):
    """What is known of a device; '' where nobody said. Dates are ISO 8601.

    `written` names what people wrote over the venue's files, `changed` and `changed_by` when and who last;
    `maintenance` says why the device takes no commands, '' while it is in service. `under_warranty` is null
    where nobody said until when.
    """

    device: str
    type: str
    manufacturer: str
    model: str
    serial: str
    firmware: str
    area: str
    organisation: str
    installed: str
    warranty_until: str
    protocol: str
    note: str
    maintenance: str
    under_warranty: bool | None
    written: list[str]
    changed: str | None
    changed_by: str | None
    secrets: int = Field(description="Secrets that are good now.")


class FactsPage(Answer):
    """Devices with their facts, by id."""

    items: list[DeviceFacts]
    next: str | None


class ChangeFacts(BaseModel):
    """Facts to write; what is left out stays, null or '' goes back to what the files say."""

    model_config = ConfigDict(extra="forbid")

    manufacturer: Fact = None
    model: Fact = None
    serial: Fact = None
    firmware: Fact = None
    area: Fact = None
    organisation: Fact = None
    installed: Annotated[str | None, Field(max_length=10, examples=["2026-03-31"])] = None
    warranty_until: Annotated[str | None, Field(max_length=10)] = None
    protocol: Annotated[str | None, Field(max_length=32)] = None
    note: Annotated[str | None, Field(max_length=1000)] = None
    reason: str = Field(default="", max_length=200, description="Why, for the event.")


class Maintenance(BaseModel):
    """Why a device must be left alone; '' puts it back into service."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=200)


class TableImport(Answer):
    """What an import did, or would do: how many rows were read, and the devices that changed."""

    rows: int
    changed: list[str]
    applied: bool


class Secret(Answer):
    """A device's secret without the secret; `username` is what it is used with over MQTT."""

    number: int
    username: str
    state: Literal["good", "ending", "expired", "revoked"]
    issued: str
    issued_by: str
    expires: str | None
    revoked: str | None
    used: str | None


class SecretList(Answer):
    """The secrets of a device, newest first."""

    items: list[Secret]
    next: str | None


class NewSecret(Answer):
    """A new secret; it is shown this once. Over HTTP it is a bearer token, over MQTT the password."""

    device: str
    number: int
    username: str
    secret: str


class NewSecrets(Answer):
    """New secrets; they are shown this once."""

    items: list[NewSecret]
    next: str | None


class IssueSecrets(BaseModel):
    """The devices that get a new secret each.

    `rotate`: their old ones are good for `grace_hours` more; else they stay good.
    """

    model_config = ConfigDict(extra="forbid")

    devices: list[DeviceId] = Field(min_length=1, max_length=10_000)
    rotate: bool = False
    grace_hours: float = Field(default=24.0, ge=0, le=24 * 90)


class Refused(Answer):
    """Somebody who was turned away: by which way, under which name, why, and how often."""

    way: Literal["mqtt", "http", "message"]
    name: str
    fault: Literal[
        "bad_secret", "revoked", "expired", "no_secret", "wrong_device", "unknown_device", "wrong_topic"
    ]
    times: int
    first: str
    last: str


class RefusedList(Answer):
    """Who was turned away since the server started, the last first; `total` counts those forgotten too."""

    items: list[Refused]
    next: str | None
    total: int
    signed_only: bool = Field(description="Whether every device must show a secret.")
