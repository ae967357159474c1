"""The running twin: everything that the rooms need, opened once, started and stopped in order."""

import asyncio
import contextlib
import functools
import gc
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from spatial import warming
from spatial.errors import UnknownPlaceError
from spatial.model import ElementFilter
from spatial.package import ModelPackage
from telemetry_bridge.adapter_lines import LineChanges
from telemetry_bridge.binding_store import BindingStore
from telemetry_bridge.bindings import Binding, Bindings
from telemetry_bridge.bridge import Bridge, Outgoing
from telemetry_bridge.clock import Clock, SimulatedClock, SystemClock
from telemetry_bridge.hub import Hub
from telemetry_bridge.live_connection import Patience
from telemetry_bridge.live_socket import LiveSocket, SocketSettings
from telemetry_bridge.points import Device, Registry
from telemetry_bridge.ports import Adapter
from telemetry_bridge.pump import Pump
from telemetry_bridge.redis_bus import RedisBus
from telemetry_bridge.registry import ModelElement, derive_registry, is_device_class, load_registry
from telemetry_bridge.wire import Frame, Values
from twin.accounts.accounts import Accounts
from twin.accounts.demo import DemoLinks, open_demo
from twin.alarms.alarms import Alarms, Surroundings
from twin.alarms.model import Place
from twin.alarms.places import place_of
from twin.alarms.rulebook import Rulebook, open_rulebook
from twin.bound import BoundDevices, bind_devices
from twin.checks import mismatches
from twin.control.commands import Commands
from twin.control.interlocks import Interlock
from twin.control.interlocks_file import load_interlocks
from twin.control.uses import People, Rooms
from twin.devices.binder import Binder
from twin.devices.binding_report import Report
from twin.devices.binding_rules import load_binding_rules
from twin.devices.gate import DeviceGate
from twin.devices.service import Devices
from twin.errors import DamagedFilmError, DataFolderError, NotRecordedError
from twin.events.anchors_file import FILE as ANCHORS
from twin.events.event import Draft, Event
from twin.events.feed import EventFeed
from twin.events.log import EventLog
from twin.events.sealing import Sealer
from twin.film import codec
from twin.film.cold.opening import open_keeping
from twin.film.cold.tier import Keeping
from twin.film.film import Film
from twin.film.hold import served
from twin.film.reading import FilmSettings
from twin.film.recorder import RecorderSettings
from twin.film.replay_socket import ReplaySettings, ReplaySocket
from twin.film.rollup import summing
from twin.film.rollup.making import RollupSettings
from twin.film.rollup.rollups import Rollups
from twin.film.showing import Pace
from twin.film.telling import tell_outages
from twin.film.trouble import Condition
from twin.incidents.manifest import Manifest
from twin.joining import check_replica, open_bus
from twin.line_file import LineFile
from twin.point_places import PointPlaces
from twin.replica import Duties, Replica
from twin.settings import Settings
from twin.simulation.adapter import SimulationAdapter
from twin.sources import sources_of
from twin.store.database import default_url, open_database
from twin.venue import Location, Venue, load_venue, plain_venue
from twin.watch import PackageWatch

LOG = structlog.get_logger(__name__)

T = TypeVar("T")
MS_PER_S = 1000.0
PING_EVERY_S = 20.0
BINDINGS_CHANGED = "bindings.changed"
BRIDGE_RELOADED = "bridge.reloaded"


@dataclass(slots=True, eq=False)
class Twin:
    """One venue's twin. `bindings` and `bound` change together, in `rebind`; all else stays."""

    settings: Settings
    package: ModelPackage
    venue: Venue
    registry: Registry
    clock: Clock
    bridge: Bridge
    hub: Hub
    socket: LiveSocket
    places: PointPlaces
    watch: PackageWatch
    store: BindingStore
    binder: Binder
    """Guesses the elements of devices by the venue's rules."""
    bindings: Bindings
    bound: BoundDevices
    rulebook: Rulebook
    interlocks: tuple[Interlock, ...]
    """What keeps commands from being sent."""
    gate: DeviceGate
    """Lets devices in by their secrets."""
    lines: LineFile
    """The lines of `adapters.yaml` that run here."""
    database: AsyncEngine | None = None
    """The database, while the twin runs; see `film` and `events`."""
    adapters: dict[str, Adapter | SimulationAdapter] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What is not as it should be, for people, in one line each."""
    started_s: float = field(default_factory=time.monotonic)
    _film: Film | None = None
    _rollups: Rollups | None = None
    _events: EventLog | None = None
    _accounts: Accounts | None = None
    _replica: Replica | None = None
    bus: RedisBus | None = None
    """What joins this server with others and with workers; None: it is alone."""
    archive: Manifest | None = None
    """The archive of an incident that this server shows: it writes nothing. None: it is an ordinary one."""
    make_film: Callable[..., Film] = Film
    """Makes the film; an archive has one of its own."""
    demo: DemoLinks = field(default_factory=DemoLinks)
    """Sign-in links of the demo; elsewhere none."""
    note_sources: list[Callable[[], str | None]] = field(default_factory=list)
    """What else says what is not as it should be: a line, or None while all is well."""
    has_accounts: bool = False
    """Whether anybody had an account when the twin started."""
    _alarms: Alarms | None = None
    _commands: Commands | None = None
    _devices: Devices | None = None
    _replay: ReplaySocket | None = None
    _sealer: Sealer | None = None
    _cache: dict[str, Any] = field(default_factory=dict)
    _rebinding: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def film(self) -> Film:
        """What was recorded; while the twin runs."""
        if self._film is None:
            raise RuntimeError("the twin does not run")
        return self._film

    @property
    def rollups(self) -> Rollups:
        """Sums of the film by minute, hour and day; while the twin runs."""
        if self._rollups is None:
            raise RuntimeError("the twin does not run")
        return self._rollups

    @property
    def events(self) -> EventLog:
        """The log of events; while the twin runs."""
        if self._events is None:
            raise RuntimeError("the twin does not run")
        return self._events

    @property
    def replay(self) -> ReplaySocket:
        """Serves viewers of the film; while the twin runs."""
        if self._replay is None:
            raise RuntimeError("the twin does not run")
        return self._replay

    @property
    def alarms(self) -> Alarms:
        """The alarms; while the twin runs."""
        if self._alarms is None:
            raise RuntimeError("the twin does not run")
        return self._alarms

    @property
    def commands(self) -> Commands:
        """What devices are told to do; while the twin runs."""
        if self._commands is None:
            raise RuntimeError("the twin does not run")
        return self._commands

    @property
    def devices(self) -> Devices:
        """What is known of the devices, and their secrets; while the twin runs."""
        if self._devices is None:
            raise RuntimeError("the twin does not run")
        return self._devices

    @property
    def accounts(self) -> Accounts:
        """Who may do what; while the twin runs."""
        if self._accounts is None:
            raise RuntimeError("the twin does not run")
        return self._accounts

    def devices_at(self, guid: str) -> list[Device]:
        """The devices bound to an element, by id."""
        return [self.registry.devices[device] for device in self.bound.devices_at.get(guid, ())]

    def has_element(self, guid: str) -> bool:
        """Whether the model has an element."""
        try:
            self.package.element(guid)
        except UnknownPlaceError:
            return False
        return True

    async def rebind(
        self, changes: Sequence[Binding], actor: str, reason: str = "", cause: str | None = None
    ) -> None:
        """Bind devices anew, keep it in the data folder, and tell the clients; `cause` is an event's id.

        Raises BindingError, and then nothing has changed.
        """
        async with self._rebinding:
            changed = await asyncio.to_thread(self.bindings.with_changes, changes, self.has_element)
            await asyncio.to_thread(self.store.save, changed.overrides)
            await self._bind(changed)
        told: dict[str, Any] = {"devices": [each.device for each in changes]}
        told["elements"] = [each.element for each in changes]
        if reason:
            told["reason"] = reason
        await self.events.append(Draft(BINDINGS_CHANGED, "bindings", actor, told, cause))

    async def reload_lines(self, actor: str) -> LineChanges:
        """Read the file of lines anew, and let other processes do so too.

        Raises AdapterFileError for a file with faults, and then nothing has changed.
        """
        before = self.lines.elsewhere

        async def tell(changes: LineChanges) -> None:
            await self.events.append(Draft(BRIDGE_RELOADED, "bridge", actor, {**changes.told}))

        changes = await self.lines.reload(tell)
        if self._replica is not None:
            self._replica.tell_reload(before)
        return changes

    async def _bind(self, changed: Bindings) -> None:
        bound = await asyncio.to_thread(bind_devices, self.package, changed.element_of)
        self.bindings, self.bound = changed, bound
        if self._film is not None:
            await self._film.scenes.put(self.package.manifest.revision, changed.element_of)
        self.places.rebind(bound)
        self.socket.desk.places_changed()
        if self._replay is not None:
            self._replay.places_changed()

    async def follow_bindings(self, events: Sequence[Event]) -> None:
        """Bind as another server did, which shares the data folder; `events` is the next part of the log."""
        if not any(event.type == BINDINGS_CHANGED for event in events):
            return
        async with self._rebinding:
            kept = await asyncio.to_thread(self.store.load)
            if kept != self.bindings.overrides:
                changed = Bindings(self.registry, kept)
                await self._bind(await asyncio.to_thread(self.binder.bound, changed))

    async def binding_report(self) -> Report:
        """What about the bindings deserves a look; worked out anew when bindings or rejections changed."""
        rejected = await self.devices.rejections.all()
        bindings, kept = self.bindings, self._cache.get("bindings.report")
        if kept is None or kept[0] is not bindings or kept[1] != rejected:
            report = await asyncio.to_thread(self.binder.report, bindings, rejected)
            kept = self._cache["bindings.report"] = bindings, rejected, report
        found: Report = kept[2]
        return found

    def cached(self, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, made once; for answers that do not change within a revision."""
        if key not in self._cache:
            self._cache[key] = make()
        kept: T = self._cache[key]
        return kept

    def cached_while_bound(self, key: str, make: Callable[[], T]) -> T:
        """What `make` gives, made once and again when bindings changed."""
        bound, kept = self._cache.get(key, (None, None))
        if bound is not self.bound:
            bound = self.bound
            kept = make()
            self._cache[key] = bound, kept
        found: T = kept
        return found

    @property
    def rooms(self) -> Rooms:
        """Which rooms devices work for, as they are bound now."""
        return Rooms(self.package, lambda: self.bound.element_of)

    @property
    def all_notes(self) -> list[str]:
        """What is not as it should be, that of this moment included."""
        condition = self.film_condition
        own = None if self._film is None else self._film.recorder.note
        recording = own if condition is None else condition.note
        alarms = None if self._alarms is None else self._alarms.note
        others = None if self._replica is None else self._replica.note
        events = None if self._sealer is None else self._sealer.note
        scenes = None if self._film is None else self._film.scenes.note
        cold = () if self._film is None else self._film.cold.notes
        more = (source() for source in self.note_sources)
        now = (recording, *cold, scenes, alarms, others, events, *more)
        return [*self.notes, *(note for note in now if note)]

    @property
    def film_condition(self) -> Condition | None:
        """How it is while the film cannot be written, by this server or one that it follows; None: well."""
        if self._replica is not None:
            return self._replica.film_condition
        return None if self._film is None else self._film.recorder.condition

    @property
    def leads(self) -> bool:
        """Whether this server does what one alone may do; that of an archive does nothing."""
        return self.archive is None and (
            self.bus is None or (self._replica is not None and self._replica.leads)
        )

    @property
    def uptime_s(self) -> float:
        """Seconds since the twin was opened."""
        return time.monotonic() - self.started_s


def open_twin(settings: Settings, clock: Clock | None = None) -> Twin:
    """Open the package, the venue folder and the data folder; nothing runs yet.

    `clock`: the time that it goes by; that of the settings when left out.

    Raises SettingError, PackageError, VenueError, RegistryError, BindingError, AdapterError or
    DataFolderError, each with one line for the user.
    """
    check_replica(settings)
    package = ModelPackage.open(settings.package)
    venue = venue_of(settings, package)
    registry = open_registry(venue, package)
    make_data_folder(settings.data_folder)
    clock = clock or make_clock(settings)
    bridge = Bridge(registry, clock, simulated=settings.simulate)
    hub = Hub(len(registry), epoch=bridge.epoch)
    store = BindingStore(settings.data_folder)
    binder = Binder(package, registry, load_binding_rules(venue.folder))
    bindings = binder.bound(Bindings(registry, store.load()))
    bound = bind_devices(package, bindings.element_of)
    gate = DeviceGate(
        registry.devices, venue.info.id, bridge.refused, SystemClock(), signed_only=settings.devices_signed
    )
    places = PointPlaces(registry, package, venue.layers, bound)
    rulebook = open_rulebook(venue, registry, lambda device: place_of(package, bound.element_of.get(device)))
    adapters: dict[str, Adapter | SimulationAdapter] = {}
    lines = LineFile(settings, venue, registry, clock, bridge, adapters)
    if settings.redis is None:
        adapters.update(sources_of(settings, venue, registry, package, clock, gate))
    else:
        lines.open()
    return Twin(
        settings=settings,
        package=package,
        venue=venue,
        registry=registry,
        clock=clock,
        bridge=bridge,
        hub=hub,
        socket=LiveSocket(bridge, hub, live_settings(settings), places),
        places=places,
        watch=PackageWatch(settings.package, package.manifest.revision),
        store=store,
        binder=binder,
        bindings=bindings,
        bound=bound,
        rulebook=rulebook,
        interlocks=load_interlocks(venue.folder),
        gate=gate,
        adapters=adapters,
        lines=lines,
        bus=None if settings.redis is None else open_bus(settings, venue, registry),
        notes=[*mismatches(venue, registry, package, bound), *rulebook.notes],
    )


def venue_of(settings: Settings, package: ModelPackage) -> Venue:
    """The venue of the settings' folder, or that of the model. Raises VenueError."""
    return load_venue(settings.venue) if settings.venue else _venue_of_model(package)


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

    @functools.cache
    def type_class(type_index: int | None) -> str:
        kind = package.element_type(type_index)
        return "" if kind is None else kind.ifc_class

    return derive_registry(
        ModelElement(
            each.guid,
            each.ifc_class,
            each.predefined_type,
            each.tag,
            each.long_name or each.name,
            each.name_en,
            type_class(each.type_index),
        )
        for each in found
    )


def live_settings(settings: Settings) -> SocketSettings:
    """What the settings say of live streams."""
    return SocketSettings(
        allowed_origins=settings.allowed_origins,
        max_clients=settings.live_clients,
        max_clients_per_address=settings.live_clients_per_address,
        patience=Patience(
            settings.live_send_timeout_s, settings.live_idle_s, min(PING_EVERY_S, settings.live_idle_s / 3.0)
        ),
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

    Raises DatabaseError where the database cannot be used, and AdapterError where an adapter can never work;
    what was started before is stopped again.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(twin.package.close)
        for note in twin.notes:
            LOG.warning(note)
        feed = await stack.enter_async_context(_storage(twin))
        await stack.enter_async_context(_together(twin, feed))
        background = {
            "live stream": Pump(twin.bridge, twin.hub, listener=functools.partial(_on_frame, twin)).run(),
            "watch for alarms": twin.alarms.run(),
            "answers to commands": twin.commands.run(),
            "stream of events": feed.run(),
            "seals of the log of events": (await _sealer(twin)).run(),
            "word of what the film lost": tell_outages(twin.film.recorder.trouble, twin.events),
            "devices' secrets": twin.gate.run(twin.devices.keyring),
            "watch on the package": twin.watch.run(twin.settings.package_poll_s),
            "first queries": asyncio.to_thread(warming.warm_up, twin.package),
            "first film": asyncio.to_thread(_first_film),
            "sums of the film": twin.rollups.make.run(),
        }
        for name, work in background.items():
            task = asyncio.create_task(work, name=name)
            task.add_done_callback(functools.partial(_note_failure, twin))
            stack.push_async_callback(_cancel, task)
        await _resume_simulation(twin)
        stack.push_async_callback(twin.lines.stop)
        for adapter in tuple(twin.adapters.values()):
            await adapter.start(twin.bridge)
            stack.push_async_callback(adapter.stop)
        await twin.commands.resume()
        stack.callback(twin.hub.close_all)
        stack.callback(twin.replay.close_all)
        yield


@contextlib.asynccontextmanager
async def _storage(twin: Twin) -> AsyncIterator[EventFeed]:
    """The database with the events and the film, open until the block ends. Raises DatabaseError."""
    settings, shared = twin.settings, twin.bus is not None or twin.archive is not None
    engine = await open_database(settings.database or default_url(settings.data_folder))
    try:
        twin.database, twin._events = engine, EventLog(engine, twin.clock)
        twin._commands = Commands(
            twin.bridge, twin.events, engine, twin.adapters, interlocks=twin.interlocks, shared=shared
        )
        twin._accounts = Accounts(engine, twin.events, SystemClock())
        twin._devices = Devices(engine, twin.events, SystemClock(), twin.gate)
        twin.commands.holds.append(twin.devices.holds)
        twin.commands.uses.append(People(twin.registry, twin.bridge.live, twin.rooms).uses)
        await twin.gate.refresh(twin.devices.keyring)
        if settings.demo_accounts:
            twin.demo = await open_demo(twin.accounts)
        twin.has_accounts = await twin.accounts.exist()
        feed = EventFeed(twin.events, twin.hub, shared=shared)
        await feed.open()
        recording = RecorderSettings(flush_s=settings.film_flush_s)
        filming = FilmSettings(settings.film_keep_days, recording, keeping=_keeping(twin))
        twin._film = twin.make_film(engine, twin.registry, twin.clock, filming)
        await twin.film.scenes.put(twin.package.manifest.revision, twin.bindings.element_of)
        summed = RollupSettings(keep_days=settings.film_sums_days)
        twin._rollups = Rollups(twin.film, twin.venue.zone, twin.clock, summed)
        twin.bridge.live.on_written = twin.film.recorder.take
        pace = Pace(settle_ms=MS_PER_S * twin.clock.speed)
        playing = ReplaySettings(settings.allowed_origins, pace=pace)
        twin._replay = ReplaySocket(twin.film, twin.events, twin.registry, playing, twin.places)
        read = functools.partial(_read_point, twin)
        sampled_ms = functools.partial(_sampled_ms, twin)
        around = Surroundings(twin.registry, twin.clock, functools.partial(_place, twin), read, sampled_ms)
        twin._alarms = Alarms(twin.rulebook.table, twin.events, engine, around, shared=shared)
        await twin.alarms.start()
        async with served(engine), twin.film.running(records=not shared):
            yield feed
    finally:
        await engine.dispose()


def _keeping(twin: Twin) -> Keeping | None:
    """How long film is kept where; an archive's stays as it is. Raises SettingError and VenueError."""
    if twin.archive is not None:
        return None
    settings = twin.settings
    found, notes = open_keeping(twin.venue, twin.registry, settings.film_keep_days, settings.film_cold)
    for note in notes:
        LOG.warning(note)
    twin.notes += notes
    return found


async def _sealer(twin: Twin) -> Sealer:
    """Who notes where the log of events ends; it has looked whether the log still has what was noted."""
    if twin.database is None:
        raise RuntimeError("the twin does not run")
    path = twin.settings.data_folder / ANCHORS
    twin._sealer = Sealer(twin.events, twin.database, twin.clock, twin.venue.zone, path)
    await twin._sealer.check()
    return twin._sealer


@contextlib.asynccontextmanager
async def _together(twin: Twin, feed: EventFeed) -> AsyncIterator[None]:
    """Take part among several servers and workers until the block ends; nothing where the twin is alone.

    Raises BusError where Redis cannot be reached.
    """
    bus = twin.bus
    if bus is None:
        yield
        return
    for follow in (twin.alarms.follow, twin.commands.follow, twin.follow_bindings):
        feed.follow(follow)
    twin.events.listen(lambda event: bus.bell.ring(event.seq))
    bus.bell.listen(lambda _seq: feed.wake())
    duties = Duties(twin.film, twin.alarms, twin.commands)
    twin._replica = Replica(bus, twin.bridge, twin.adapters, duties, twin.lines)
    async with twin._replica.running():
        yield


async def _resume_simulation(twin: Twin) -> None:
    """Let simulated counters go on from the film's end, so that a restart replaces no meter."""
    simulation = twin.adapters.get("simulation")
    span = twin.film.span
    if not isinstance(simulation, SimulationAdapter) or span is None:
        return
    try:
        last = await twin.film.state_at(span[1])
    except (NotRecordedError, DamagedFilmError) as error:
        LOG.warning("simulated counters start anew", reason=str(error))
        return
    simulation.resume(last.state.value)


def _first_film() -> None:
    """Load what film is read and summed with.

    What a server is made of is in memory by then, a million objects, and stays: to look for garbage among
    them again and again took a fifth of the time that recording takes.
    """
    codec.warm_up()
    summing.warm_up()
    gc.freeze()


def _on_frame(twin: Twin, outgoing: Outgoing) -> None:
    """What each frame is for, besides the clients: the alarms."""
    twin.alarms.on_frame(outgoing)


def _place(twin: Twin, device: str) -> Place:
    """Where a device is, by the bindings of now."""
    return place_of(twin.package, twin.bound.element_of.get(device))


def _read_point(twin: Twin, point_index: int) -> float:
    """What a point reads now; NaN: nothing yet."""
    return float(twin.bridge.live.value[point_index])


def _sampled_ms(twin: Twin, frame: Frame) -> Values:
    """When a frame's samples were taken; its own time where the live state has a later sample already."""
    live, index = twin.bridge.live, frame.point_index
    return np.where(live.value[index] == frame.value, live.time_ms[index], frame.time_ms)


def _note_failure(twin: Twin, task: asyncio.Task[None]) -> None:
    """A task that should run for ever has ended: the log and the health say why."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        LOG.error("a background task failed", task=task.get_name(), exc_info=error)
        twin.notes.append(f"the {task.get_name()} has stopped; see the log and restart the server")


async def _cancel(task: asyncio.Task[None]) -> None:
    """End a task that runs for ever; why it failed, if it did, was said before."""
    task.cancel()
    await asyncio.wait([task])
