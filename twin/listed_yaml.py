"""A venue's file that lists entries with ids: read and checked as a whole, every fault named by its line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from telemetry_bridge.errors import Fault, RegistryError
from telemetry_bridge.yaml_lines import line_of, load_yaml
from twin.errors import VenueError


class Identified(Protocol):
    """An entry of a list."""

    @property
    def id(self) -> str:
        """What it is called; no two of a list are called the same."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


#: One text or several, none of them empty.
Texts = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_listed)]

E = TypeVar("E", bound=Identified)
Place = tuple[str | int, ...]


def load_listed(folder: Path | None, file: str, key: str, shape: TypeAdapter[list[E]]) -> list[E] | None:
    """The entries of a file in the venue folder; None: there is no such file.

    Raises VenueError with every fault, each with its line.
    """
    path = None if folder is None else folder / file
    if path is None or not path.is_file():
        return None
    try:
        return parse_listed(path.read_text(encoding="utf-8"), file, key, shape)
    except RegistryError as error:
        raise VenueError(str(folder), [str(fault) for fault in error.faults]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise VenueError(str(folder), [f"{file}: cannot be read: {error}"]) from error


def parse_listed(text: str, file: str, key: str, shape: TypeAdapter[list[E]]) -> list[E]:
    """Read a list of entries, or one below `key`. Raises RegistryError with every fault and its line."""
    value, lines = load_yaml(text, file)
    prefix: Place = ()
    if isinstance(value, dict) and list(value) == [key]:
        value, prefix = value[key], (key,)
    try:
        entries = shape.validate_python([] if value is None else value)
    except ValidationError as error:
        raise RegistryError(
            [
                Fault(f"{file}:{line_of((*prefix, *each['loc']), lines)}", _message(each["loc"], each["msg"]))
                for each in error.errors(include_url=False)
            ]
        ) from error
    faults = _repeated([each.id for each in entries], file, prefix, lines)
    if faults:
        raise RegistryError(faults)
    return entries


def _message(loc: Place, message: str) -> str:
    where = ".".join(str(part) for part in loc if isinstance(part, str))
    text = message.removeprefix("Value error, ")
    return f"{where}: {text}" if where else text


def _repeated(ids: Sequence[str], file: str, prefix: Place, lines: Mapping[Place, int]) -> list[Fault]:
    return [
        Fault(f"{file}:{line_of((*prefix, place, 'id'), lines)}", f"{each!r} is there twice")
        for place, each in enumerate(ids)
        if each in ids[:place]
    ]
