"""`adapters.yaml`: the lines to devices of a venue, read and checked as a whole. No I/O but `load`.

Every fault names file and line. Secrets stand in the environment; the file names the variables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from telemetry_bridge.adapter_file_bacnet import BacnetSettings
from telemetry_bridge.adapter_file_modbus import ModbusSettings
from telemetry_bridge.adapter_file_mqtt import MqttLineSettings, SparkplugLineSettings
from telemetry_bridge.adapter_file_opcua import OpcUaSettings
from telemetry_bridge.adapter_file_parts import AdapterSettings, PointRef
from telemetry_bridge.adapter_file_replay import ReplaySettings
from telemetry_bridge.adapter_file_webhook import WebhookSettings
from telemetry_bridge.errors import AdapterFileError, Fault, RegistryError
from telemetry_bridge.live import STALE_AFTER_PERIODS
from telemetry_bridge.points import Registry
from telemetry_bridge.said import Said, located
from telemetry_bridge.yaml_lines import Path, line_of, load_yaml

FILE = "adapters.yaml"
#: Kinds of adapters by the word in the file.
KINDS: Mapping[str, type[AdapterSettings]] = {
    "bacnet": BacnetSettings,
    "modbus": ModbusSettings,
    "mqtt": MqttLineSettings,
    "opcua": OpcUaSettings,
    "sparkplug": SparkplugLineSettings,
    "webhook": WebhookSettings,
    "replay": ReplaySettings,
}
MAX_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One adapter of the file; `named` are its points, each with its line, in the file's order."""

    settings: AdapterSettings
    line: int
    named: tuple[tuple[PointRef, int], ...]


@dataclass(frozen=True, slots=True)
class AdapterFile:
    """The adapters of a file, in its order."""

    name: str
    entries: tuple[Entry, ...] = ()

    def unknown_points(self, entry: Entry, registry: Registry) -> list[str]:
        """Say which points of an entry the venue lacks, each with its line; they are left out."""
        return [
            located(
                Said(f"the venue has no point {ref.key}", "unlisted-point", key=ref.key),
                message=f"{self.name}:{line}",
            )
            for ref, line in entry.named
            if registry.find(*ref) is None
        ]

    def slow_points(self, entry: Entry, registry: Registry) -> list[str]:
        """Say which points of an entry are asked for so seldom that they would be stale in between."""
        lines = dict(entry.named)
        notes: list[str] = []
        for ref, asked_s in entry.settings.asked_s():
            point = registry.find(*ref)
            if point is not None and asked_s > (stale_s := STALE_AFTER_PERIODS * point.period_s):
                said = Said(
                    f"{ref.key} is asked for every {asked_s:g} s, and stale after {stale_s:g} s; ask more "
                    "often, or raise its period_s in device_types.yaml",
                    "asked-too-seldom",
                    key=ref.key,
                    asked_s=asked_s,
                    stale_s=stale_s,
                )
                notes.append(located(said, message=f"{self.name}:{lines[ref]}"))
        return notes


def load_adapter_file(path: FilePath) -> AdapterFile:
    """Read a file.

    Raises:
        AdapterFileError: it cannot be read, or has faults: all of them, each with its line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AdapterFileError([Fault(path.name, f"larger than {MAX_BYTES:,} bytes")])
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise AdapterFileError([Fault(path.name, f"not UTF-8 text (byte {error.start})")]) from error
    except OSError as error:
        raise AdapterFileError([Fault(str(path), error.strerror or str(error))]) from error
    return parse_adapter_file(text, path.name)


def parse_adapter_file(text: str, file: str = FILE) -> AdapterFile:
    """Read the text of a file: a list of adapters, or a mapping with the one key `adapters`.

    Raises:
        AdapterFileError: all faults, each with its line.
    """
    try:
        content, lines = load_yaml(text, file)
    except RegistryError as error:
        raise AdapterFileError(error.faults) from error
    root: Path = ()
    if isinstance(content, dict) and list(content) == ["adapters"]:
        content, root = content["adapters"], ("adapters",)
    if content is None:
        return AdapterFile(file)
    if not isinstance(content, list):
        raise AdapterFileError([Fault(f"{file}:1", "a list of adapters is wanted, each with id and kind")])
    return _Reader(file, root, lines).read(content)


@cache
def _checker(kind: str) -> TypeAdapter[Any]:
    """What checks the entries of a kind: made when a file has one; a server without lines needs none."""
    return TypeAdapter(KINDS[kind])


class _Reader:
    """Reads the list of adapters and collects what is wrong with it."""

    def __init__(self, file: str, root: Path, lines: Mapping[Path, int]) -> None:
        self._file, self._root, self._lines = file, root, lines
        self._faults: list[Fault] = []

    def read(self, items: list[Any]) -> AdapterFile:
        entries = [
            entry for place, item in enumerate(items) if (entry := self._entry(place, item)) is not None
        ]
        self._check_once(entries)
        if self._faults:
            raise AdapterFileError(self._faults)
        return AdapterFile(self._file, tuple(entries))

    def _entry(self, place: int, item: Any) -> Entry | None:
        path = (*self._root, place)
        kind = item.get("kind") if isinstance(item, dict) else None
        if not isinstance(kind, str) or kind not in KINDS:
            known = ", ".join(sorted(KINDS))
            self._fault(
                (*path, "kind"), f"kind: {kind!r} is none of {known}" if kind else f"kind: one of {known}"
            )
            return None
        try:
            settings: AdapterSettings = _checker(kind).validate_python(item)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                self._fault((*path, *each["loc"]), _message(each["loc"], each["msg"], each["type"]))
            return None
        for inner, message in settings.faults():
            self._fault((*path, *inner), message)
        named = [(ref, line_of((*path, *inner), self._lines)) for ref, inner in settings.refs()]
        return Entry(settings, line_of(path, self._lines), tuple(sorted(named, key=lambda each: each[1])))

    def _check_once(self, entries: list[Entry]) -> None:
        """An id names one adapter, and a point has one source."""
        ids: dict[str, int] = {}
        sources: dict[PointRef, tuple[str, int]] = {}
        for entry in entries:
            name = entry.settings.id
            if name in ids:
                self._add(entry.line, f"the id {name} is there already, on line {ids[name]}")
            ids.setdefault(name, entry.line)
            for ref, line in entry.named if entry.settings.enabled else ():
                if ref in sources:
                    other, first = sources[ref]
                    self._add(line, f"{ref.key} is read already by {other}, on line {first}")
                else:
                    sources[ref] = (name, line)

    def _fault(self, path: Path, message: str) -> None:
        self._add(line_of(path, self._lines), message)

    def _add(self, line: int, message: str) -> None:
        self._faults.append(Fault(f"{self._file}:{line}", message))


def _message(loc: Path, message: str, kind: str) -> str:
    where = ".".join(str(each) for each in loc)
    if kind == "unexpected_keyword_argument":
        message = "no such setting; is it misspelt?"
    if kind in ("missing", "missing_argument", "missing_keyword_only_argument"):
        message = "is missing"
    text = message.removeprefix("Value error, ")
    return f"{where}: {text}" if where else text
