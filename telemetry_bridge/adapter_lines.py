"""Adapters made from `adapters.yaml`, each kept apart: what is wrong with one costs the others nothing."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from telemetry_bridge.adapter_file import AdapterFile, Entry
from telemetry_bridge.adapter_file_mqtt import MqttLineSettings
from telemetry_bridge.adapter_making import Surroundings, make_adapter
from telemetry_bridge.errors import BridgeError, CommandError
from telemetry_bridge.ports import Adapter, Command, Health, Selective, Sink
from telemetry_bridge.said import Said, said_of

__all__ = ["Line", "LineChanges", "Surroundings", "make_adapter", "make_lines"]

LOG = logging.getLogger(__name__)

MOST_NOTES = 20


class Line:
    """One adapter of the file. Starting and stopping never raise: why it does not work, health says."""

    def __init__(
        self,
        entry: Entry,
        make: Callable[[], Adapter],
        notes: tuple[str, ...] = (),
        *,
        any_point: bool = False,
    ) -> None:
        """`any_point`: commands to points that no other line names may be for this one."""
        self.settings, self.notes, self.any_point = entry.settings, notes, any_point
        self._make = make
        self._adapter: Adapter | None = None
        self._failure = Said("not started", "not-started")

    @property
    def id(self) -> str:
        """Its name in the file."""
        return self.settings.id

    @property
    def kind(self) -> str:
        """What it speaks."""
        return self.settings.kind

    @property
    def enabled(self) -> bool:
        """Whether the file wants it to run."""
        return self.settings.enabled

    @property
    def adapter(self) -> Adapter | None:
        """What runs; None: nothing does."""
        return self._adapter

    async def start(self, sink: Sink) -> None:
        """Make the adapter and start it; a fault is kept for `health`."""
        if not self.enabled or self._adapter is not None:
            return
        adapter: Adapter | None = None
        try:
            adapter = self._make()
            await adapter.start(sink)
        except (BridgeError, OSError, ImportError) as error:
            self._failed(said_of(error))
        except Exception as error:
            LOG.exception("the adapter %s cannot be started", self.id)
            text = f"a fault in the adapter: {error!r}; please report it"
            self._failed(Said(text, "adapter-fault", error=repr(error)))
        else:
            self._adapter = adapter

    def _failed(self, reason: Said) -> None:
        self._failure = reason
        LOG.error("the adapter %s is not started: %s", self.id, self._failure)

    async def stop(self) -> None:
        """Stop the adapter; the others must stop too, so that nothing is raised."""
        adapter, self._adapter = self._adapter, None
        self._failure = Said("stopped", "stopped")
        if adapter is not None:
            try:
                await adapter.stop()
            except Exception:
                LOG.exception("the adapter %s did not stop as it should", self.id)

    def writes(self, device: str, point: str) -> bool:
        """Say whether commands to a point are for this line."""
        return isinstance(self._adapter, Selective) and self._adapter.writes(device, point)

    async def send(self, command: Command) -> None:
        """Hand a command to the device. CommandError: it could not be handed over."""
        if self._adapter is None:
            raise CommandError(f"the adapter {self.id} does not run: {self.health().detail}")
        await self._adapter.send(command)

    def health(self) -> Health:
        """Say how it is."""
        if self._adapter is not None:
            return self._adapter.health()
        if not self.enabled:
            return Health(False, Said("switched off in the file", "off"))
        return Health(False, self._failure, last_error=self._failure)


@dataclass(frozen=True, slots=True)
class LineChanges:
    """What is to be done for a file of lines to count: names of lines, in the file's order."""

    kept: tuple[str, ...]
    started: tuple[str, ...]
    restarted: tuple[str, ...]
    stopped: tuple[str, ...]

    @classmethod
    def between(cls, running: Mapping[str, Line], wanted: Sequence[Line]) -> "LineChanges":
        """Compare lines that run with those of a file: what has other settings is restarted."""
        same = {line.id for line in wanted if _is_same(running.get(line.id), line)}
        names = [line.id for line in wanted]
        return cls(
            tuple(name for name in names if name in same),
            tuple(name for name in names if name not in running),
            tuple(name for name in names if name in running and name not in same),
            tuple(name for name in running if name not in names),
        )

    @property
    def told(self) -> dict[str, list[str]]:
        """What changes, for an event and the log."""
        return {
            "started": list(self.started),
            "restarted": list(self.restarted),
            "stopped": list(self.stopped),
        }


def _is_same(one: Line | None, other: Line) -> bool:
    return one is not None and type(one) is type(other) and one.settings == other.settings


def make_lines(file: AdapterFile, around: Surroundings) -> list[Line]:
    """Give a line for each adapter of a file; nothing is loaded or started yet."""
    return [_line(entry, file, around) for entry in file.entries]


def _shown(notes: list[str]) -> tuple[str, ...]:
    """The first of many: a map with a slip in it has it for every device."""
    more = len(notes) - MOST_NOTES
    return (
        *notes[:MOST_NOTES],
        *([Said(f"and {more} more like these", "more", count=more)] if more > 0 else []),
    )


def _line(entry: Entry, file: AdapterFile, around: Surroundings) -> Line:
    notes = _shown([*file.unknown_points(entry, around.registry), *file.slow_points(entry, around.registry)])
    for note in notes:
        LOG.warning("%s", note)
    settings = entry.settings
    return Line(
        entry, lambda: make_adapter(settings, around), notes, any_point=isinstance(settings, MqttLineSettings)
    )
