"""What a viewer of the film may ask for, as JSON."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from telemetry_bridge.clock import MS_PER_S

MIN_SPEED = 0.1
MAX_SPEED = 3600.0


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
    speed: float = Field(default=1.0, ge=-MAX_SPEED, le=MAX_SPEED, allow_inf_nan=False)


class Pause(_Message):
    """Stop."""

    type: Literal["pause"]


class Ack(_Message):
    """The frames up to `seq` have been shown."""

    type: Literal["ack"]
    seq: int = Field(ge=0)


Wish = Seek | Play | Pause | Ack
_WISH: TypeAdapter[Wish] = TypeAdapter(Annotated[Wish, Field(discriminator="type")])


def read_wish(text: str) -> Wish:
    """What a viewer asks for. ValueError: it cannot be understood; the text says why."""
    try:
        wish = _WISH.validate_json(text)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise ValueError(f"{where}: {fault['msg']}" if where else fault["msg"]) from error
    if isinstance(wish, Play) and abs(wish.speed) < MIN_SPEED:
        raise ValueError(
            f"play.speed: give {MIN_SPEED:g} to {MAX_SPEED:g}, or its negative to play backwards"
        )
    return wish
