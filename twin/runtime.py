"""The running twin: everything that the rooms need, opened once, started and stopped in order."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog

from spatial.model import ElementFilter
from spatial.package import ModelPackage
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.clock import Clock, SimulatedClock, SystemClock
from telemetry_bridge.hub import Hub
from telemetry_bridge.live_socket import LiveSocket, SocketSettings
from telemetry_bridge.points import Device, Registry
from telemetry_bridge.ports import Health
from telemetry_bridge.pump import Pump
from telemetry_bridge.registry import ModelElement, derive_registry, is_device_class, load_registry
from twin.bound import BoundDevices, bind_devices
from twin.errors import DataFolderError
from twin.settings import Settings
from twin.simulation.adapter import SimulationAdapter
from twin.venue import Location, Venue, load_venue, plain_venue
from twin.watch import PackageWatch

LOG = structlog.get_logger(__name__)

T = TypeVar("T")
MS_PER_S = 1000.0


class BridgeAdapter(Protocol):
    """A source of telemetry that delivers to the bridge; see `telemetry_bridge.ports.Adapter`."""

    async def start(self, sink: Bridge) -> None:
        """Begin to deliver."""

    async def stop(self) -> None:
        """Stop delivering."""

    def health(self) -> Health:
        """Say how it is."""


@dataclass(slots=True, eq=False)
class Twin:
    """One venue's twin. `bound` changes when bindings do; all else stays."""

    settings: Settings
    package: ModelPackage
    venue: Venue
    registry: Registry
    clock: Clock
    bridge: Bridge
    hub: Hub
    socket: LiveSocket
    watch: PackageWatch
    bound: BoundDevices
    adapters: dict[str, BridgeAdapter] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What is not as it should be, for people, in one line each."""
    started_s: float = field(default_factory=time.monotonic)
    _cache: dict[str, Any] = field(default_factory=dict)

    def devices_at(self, guid: str) -> list[Device]:
        """The devices bound to an element, by id."""
        return [self.registry.devices[device] for device in self.bound.devices_at.get(guid, ())]

    def cached(self, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, made once; for answers that do not change within a revision."""
        if key not in self._cache:
            self._cache[key] = make()
        kept: T = self._cache[key]
        return kept

    @property
    def uptime_s(self) -> float:
        """Seconds since the twin was opened."""
        return time.monotonic() - self.started_s


def open_twin(settings: Settings) -> Twin:
    """Open the package, the venue folder and the data folder; nothing runs yet.

    Raises PackageError, VenueError, RegistryError or DataFolderError, each with one line for the user.
    """
    package = ModelPackage.open(settings.package)
    venue = load_venue(settings.venue) if settings.venue else _venue_of_model(package)
    registry = open_registry(venue, package)
    make_data_folder(settings.data_folder)
    clock = make_clock(settings)
    bridge = Bridge(registry, clock, simulated=settings.simulate)
    hub = Hub(len(registry), epoch=bridge.epoch)
    bound = bind_devices(package, guid_of_devices(registry))
    twin = Twin(
        settings=settings,
        package=package,
        venue=venue,
        registry=registry,
        clock=clock,
        bridge=bridge,
        hub=hub,
        socket=LiveSocket(bridge, hub, SocketSettings(settings.allowed_origins)),
        watch=PackageWatch(settings.package, package.manifest.revision),
        bound=bound,
    )
    _add_adapters(twin)
    return twin


def _add_adapters(twin: Twin) -> None:
    """The sources of telemetry that the settings ask for, in the order in which they start."""
    settings = twin.settings
    if settings.simulate:
        twin.adapters["simulation"] = SimulationAdapter(
            twin.registry, twin.package, twin.venue, twin.clock, settings.seed
        )


def _venue_of_model(package: ModelPackage) -> Venue:
    """The venue of a model without a venue folder, where the model says it lies."""
    place = package.manifest.raw.get("georeference") or {}
    latitude, longitude = place.get("latitude"), place.get("longitude")
    if latitude is None or longitude is None:
        return plain_venue(package.manifest.name)
    return plain_venue(package.manifest.name, Location(latitude=latitude, longitude=longitude))


def open_registry(venue: Venue, package: ModelPackage) -> Registry:
    """The venue's devices, or those of the model where the venue lists none. Raises RegistryError."""
    if venue.folder is not None:
        types, devices = venue.folder / "device_types.yaml", venue.folder / "devices.csv"
        if types.exists() or devices.exists():
            return load_registry(types, devices)
    classes = tuple(name for name in package.columns.class_names if is_device_class(name))
    found = package.iterate(ElementFilter(classes=classes)) if classes else iter(())
    return derive_registry(
        ModelElement(
            each.guid,
            each.ifc_class,
            each.predefined_type,
            each.tag,
            each.long_name or each.name,
            each.name_en,
        )
        for each in found
    )


def make_data_folder(folder: Path) -> None:
    """Make the data folder and make sure that it can be written. Raises DataFolderError."""
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataFolderError(
            f"the data folder {folder} cannot be written ({reason}); give another with --data"
        ) from error


def make_clock(settings: Settings) -> Clock:
    """The machine's clock, or one of simulated time where that differs."""
    if not settings.simulate or (settings.start is None and settings.speed == 1.0):
        return SystemClock()
    start_ms = settings.start_ms
    return SimulatedClock(time.time() * MS_PER_S if start_ms is None else start_ms, settings.speed)


@contextlib.asynccontextmanager
async def running(twin: Twin) -> AsyncIterator[None]:
    """Run the twin: adapters in their order, the beat of frames, the watch on the package.

    Raises AdapterError where an adapter can never work; those started before are stopped again.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(twin.package.close)
        for task in (Pump(twin.bridge, twin.hub).run(), twin.watch.run(twin.settings.package_poll_s)):
            stack.push_async_callback(_cancel, asyncio.create_task(task))
        for adapter in twin.adapters.values():
            await adapter.start(twin.bridge)
            stack.push_async_callback(adapter.stop)
        stack.callback(twin.hub.close_all)
        yield


async def _cancel(task: asyncio.Task[None]) -> None:
    """End a task that runs for ever; one that failed by itself says so in the log."""
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    except Exception as error:
        LOG.error("a background task had failed", exc_info=error)


def guid_of_devices(registry: Registry) -> Mapping[str, str | None]:
    """Bindings as the venue's files, or the model, have them."""
    return {device.id: device.guid for device in registry.devices.values()}
