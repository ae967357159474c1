"""What a viewer of the film may ask for, as JSON. docs/wire.md has the protocol."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from telemetry_bridge import subscriptions
from telemetry_bridge.clock import MS_PER_S
from telemetry_bridge.errors import SubscriptionError

MIN_SPEED = 0.1
MAX_SPEED = 3600.0
#: Frames a second, where a viewer does not say; and the most that it may ask for.
DEFAULT_RATE = 10.0
MAX_RATE = 30.0
#: Frames that a viewer which acknowledges them may have before it, where it does not say; and the most.
DEFAULT_AHEAD = 2
MAX_AHEAD = 60

Severity = Literal["critical", "high", "medium", "low"]
Name = Annotated[str, Field(min_length=1, max_length=128)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class Seek(_Message):
    """Show a moment."""

    type: Literal["seek"]
    time: AwareDatetime

    @property
    def time_ms(self) -> float:
        """ms since 1970 UTC."""
        return self.time.timestamp() * MS_PER_S


class Play(_Message):
    """Play from where the viewer stands; `speed` film seconds pass in a real one, negative ones backwards."""

    type: Literal["play"]
    speed: float = Field(default=1.0, allow_inf_nan=False)


class Pause(_Message):
    """Stop."""

    type: Literal["pause"]


class Step(_Message):
    """Stop, and go one event, second or frame on, or `back`; `events` and `subject` may end with `*`."""

    type: Literal["step"]
    to: Literal["event", "second", "frame"]
    back: bool = False
    events: Name | None = None
    subject: Name | None = None
    severity: frozenset[Severity] | None = None


class Ack(_Message):
    """The frames up to `seq` have been shown; `ahead`: so many more may be under way from now on."""

    type: Literal["ack"]
    seq: int = Field(ge=0)
    ahead: int | None = Field(default=None, ge=1, le=MAX_AHEAD)


class Host(_Message):
    """Let others watch: begin a session, with this viewer as its driver."""

    type: Literal["host"]


class Leave(_Message):
    """Look around alone for a while; `return` comes back."""

    type: Literal["leave"]


class Return(_Message):
    """See again what the session's driver sees."""

    type: Literal["return"]


class Quit(_Message):
    """Have done with the session, and stay alone where one stands."""

    type: Literal["quit"]


class Hand(_Message):
    """Let another of the session drive."""

    type: Literal["hand"]
    to: Name


class View(_Message):
    """The driver's camera and selection, which the server does not look into."""

    type: Literal["view"]
    view: dict[str, Any]


Subscription = subscriptions.Wish
Moving = Seek | Play | Pause | Step
Sharing = Host | Leave | Return | Quit | Hand | View
_Told = Moving | Sharing | Ack
Wish = _Told | Subscription
_WISH: TypeAdapter[_Told] = TypeAdapter(Annotated[_Told, Field(discriminator="type")])


def read_wish(text: str) -> Wish:
    """What a viewer asks for.

    Raises:
        ValueError: it cannot be understood; the text says why.
        SubscriptionError: the same of a `subscribe`.
    """
    subscription = subscriptions.read_wish(text)
    if subscription is not None:
        return _within_rate(subscription)
    try:
        wish = _WISH.validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise ValueError(f"{where}: {fault['msg']}" if where else fault["msg"]) from error
    if isinstance(wish, Play) and not MIN_SPEED <= abs(wish.speed) <= MAX_SPEED:
        raise ValueError(
            f"play.speed: give {MIN_SPEED:g} to {MAX_SPEED:g}, or its negative to play backwards"
        )
    return wish


def _within_rate(wish: Subscription) -> Subscription:
    if wish.rate is not None and wish.rate > MAX_RATE:
        raise SubscriptionError(f"rate: the film is sent with at most {MAX_RATE:g} frames a second", wish.id)
    return wish
