"""What `twin devices` does: devices as people keep them, from the command line of the server."""

import asyncio
import csv
import fnmatch
import functools
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from spatial.package import ModelPackage
from telemetry_bridge.binding_store import BindingStore
from telemetry_bridge.bindings import Bindings
from telemetry_bridge.clock import SystemClock
from telemetry_bridge.mqtt_url import parse_mqtt_url
from telemetry_bridge.points import Registry
from telemetry_bridge.times import format_rfc3339
from telemetry_bridge.whole_file import replace_file
from twin.bound import bind_devices
from twin.devices.base import read_base
from twin.devices.binder import Binder
from twin.devices.binding_rules import load_binding_rules
from twin.devices.credentials import Credential, CredentialBook
from twin.devices.facts import Facts
from twin.devices.keyring import HOUR_MS, Keyring
from twin.devices.ledger import Change, Ledger, table_lines
from twin.devices.mosquitto import BrokerFiles, BrokerUser, broker_files, is_broker_name, mosquitto_hash
from twin.devices.table_text import parse_table, write_table
from twin.errors import NotFoundError, SettingError
from twin.events.log import EventLog
from twin.runtime import open_registry
from twin.settings import VenueSettings, data_folder_of
from twin.store.database import open_database
from twin.venue import Venue, load_venue, plain_venue

T = TypeVar("T")
ACTOR = "system"
"""Whoever has a shell on the server; the log cannot know their name."""
SECRET_MODE = 0o600
PASSWORDS, TOPICS = "passwords", "topics"


@dataclass(frozen=True, slots=True)
class _Books:
    """What the commands write in, of one database."""

    keyring: Keyring
    ledger: Ledger


@dataclass(frozen=True, slots=True)
class _Site:
    """A twin's devices, read without serving it: `base` is what the files say of each, `element` its guid."""

    venue: Venue
    registry: Registry
    base: dict[str, Facts]
    element: Mapping[str, str | None]


def issue(settings: VenueSettings, devices: Sequence[str], grace_hours: float | None) -> None:
    """Print new secrets as CSV; `grace_hours` None: those that the devices have stay good.

    Raises NotFoundError for an unknown device, CredentialError, and what opening the twin raises.
    """
    wanted = _matching(_site(settings).registry, devices)

    async def act(books: _Books) -> list[tuple[str, str, str]]:
        if grace_hours is None:
            made = await books.keyring.issue(wanted, ACTOR)
        else:
            made = await books.keyring.rotate(wanted, ACTOR, int(grace_hours * HOUR_MS))
        return [(each.credential.device, each.credential.username, each.secret) for each in made]

    rows = _with(settings.database_url(), act)
    _say("shown this once: over HTTP 'Authorization: Bearer SECRET', over MQTT the password of USERNAME")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerows([("device", "username", "secret"), *rows])


def revoke(database: str, devices: Sequence[str], number: int | None) -> None:
    """Make secrets good for nothing. Raises NotFoundError, then the devices before it are done."""
    for device in dict.fromkeys(devices):
        gone = _with(database, functools.partial(_revoked, device=device, number=number))
        _say(f"{', '.join(each.username for each in gone)} can sign in no more")


async def _revoked(books: _Books, *, device: str, number: int | None) -> tuple[Credential, ...]:
    return await books.keyring.revoke(device, ACTOR, number)


def show_secrets(database: str) -> None:
    """Print which secrets there are, as a table."""
    book = _with(database, lambda books: books.keyring.book())
    now_ms = SystemClock().now_ms()
    table = Table("username", "state", "issued", "expires", "last used", box=None)
    for each in book.credentials:
        table.add_row(each.username, each.state(now_ms), *_times(each))
    Console(soft_wrap=True).print(table if book.credentials else "no device has a secret: twin devices issue")


def export_table(settings: VenueSettings, output: Path) -> None:
    """Write the table of devices; `-` is stdout. OSError where the file cannot be written."""
    site = _site(settings)
    written = _with(settings.database_url(), lambda books: books.ledger.all())
    lines = table_lines(site.registry, site.element, site.base, written)
    text = write_table(lines)
    if str(output) == "-":
        sys.stdout.write(text)
    else:
        _replace(output, ("\ufeff" + text).encode(), 0o644)
        _say(f"{len(lines)} devices are in {output}")


def import_table(settings: VenueSettings, table: Path, reason: str, *, dry_run: bool) -> None:
    """Write what a table says. DeviceFactsError: every fault by its line, and nothing was written."""
    site = _site(settings)
    try:
        text = table.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise SettingError(f"{table} is not UTF-8 text; save it as 'CSV UTF-8'") from error
    rows = parse_table(text, table.name, site.registry.devices)
    changes = [Change(row.device, row.facts, f"{table.name}:{row.line}") for row in rows]
    changed = _with(
        settings.database_url(),
        lambda books: books.ledger.change(changes, site.base, ACTOR, reason, dry_run=dry_run),
    )
    would = "would change" if dry_run else "changed"
    _say(f"{len(rows)} rows were read; {len(changed)} devices {would}")


def export_mosquitto(settings: VenueSettings, folder: Path) -> None:
    """Write the password file and the list of topics, whole or not at all, for the secrets that are good.

    Raises SettingError where the server's own address names no user.
    """
    server = _server_user(settings.mqtt)
    site = _site(settings)
    book: CredentialBook = _with(settings.database_url(), lambda books: books.keyring.book())
    files = broker_files(book.live(SystemClock().now_ms()), site.venue.info.id, [server])
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / PASSWORDS, files.passwords.encode(), SECRET_MODE)
    _replace(folder / TOPICS, files.topics.encode(), SECRET_MODE)
    _tell_written(files, folder)


def _tell_written(files: BrokerFiles, folder: Path) -> None:
    count = files.passwords.count("\n")
    _say(f"{count} users, the server among them, are in {folder / PASSWORDS} and {folder / TOPICS}")
    _say("let mosquitto read them anew: kill -HUP its process, or systemctl reload mosquitto")
    if files.left_out:
        _say(f"left out, since mosquitto takes no such user names: {', '.join(files.left_out)}")


def _server_user(url: str | None) -> BrokerUser:
    address = None if url is None else parse_mqtt_url(url)
    if address is None or not address.username or not address.password:
        raise SettingError(
            "the server needs a user of its own at the broker: give --mqtt mqtt://USER:PASSWORD@HOST or "
            "TWIN_MQTT, and twin serve the same"
        )
    if not is_broker_name(address.username):
        raise SettingError(f"mosquitto takes no user named {address.username!r}; choose one without ':'")
    return BrokerUser(address.username, mosquitto_hash(address.password))


def _site(settings: VenueSettings) -> _Site:
    """Read a twin's devices. Raises PackageError, VenueError or RegistryError."""
    with ModelPackage.open(settings.model) as package:
        name = package.manifest.name
        venue = load_venue(settings.venue) if settings.venue else plain_venue(name)
        registry = open_registry(venue, package)
        overrides = BindingStore(settings.data or data_folder_of(settings.model)).load()
        binder = Binder(package, registry, load_binding_rules(venue.folder))
        bindings = binder.bound(Bindings(registry, overrides))
        bound = bind_devices(package, bindings.element_of)
        return _Site(venue, registry, read_base(package, registry, bound), bindings.element_of)


def _matching(registry: Registry, names: Iterable[str]) -> list[str]:
    """The devices that some names or globs mean, each once. Raises NotFoundError for one that means none."""
    found: dict[str, None] = {}
    for name in names:
        meant = [name] if name in registry.devices else fnmatch.filter(registry.devices, name)
        if not meant:
            raise NotFoundError(f"there is no device {name[:100]!r} in the registry; nothing was issued")
        found |= dict.fromkeys(meant)
    return list(found)


def _with(database: str, act: Callable[[_Books], Awaitable[T]]) -> T:
    """What `act` gives, with a database that is opened for it."""
    return asyncio.run(_acted(database, act))


async def _acted(database: str, act: Callable[[_Books], Awaitable[T]]) -> T:
    engine = await open_database(database)
    clock = SystemClock()
    log = EventLog(engine, clock)
    try:
        return await act(_Books(Keyring(engine, log, clock), Ledger(engine, log, clock)))
    finally:
        await engine.dispose()


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all; one that is there keeps owner and mode: a broker must read it."""
    known = path.stat() if path.exists() else None

    def prepare(new: Path) -> None:
        new.chmod(mode if known is None else known.st_mode & 0o777)
        if known is not None:
            with suppress(PermissionError):
                os.chown(new, known.st_uid, known.st_gid)

    replace_file(path, data, prepare)


def _times(credential: Credential) -> tuple[str, str, str]:
    times = (credential.issued_ms, credential.expires_ms, credential.used_ms)
    issued, expires, used = ("–" if each is None else format_rfc3339(each) for each in times)
    return issued, expires, used


def _say(text: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(text, markup=False)
