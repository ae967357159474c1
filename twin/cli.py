"""The command line. Exit 0, or 2 with one line that says what is wrong and what to do."""

import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.exceptions import Abort, TyperException

from bim_pipeline.errors import PipelineError
from navigation.errors import NavigationError
from spatial.errors import SpatialError
from telemetry_bridge.errors import BridgeError
from twin.errors import TwinError
from twin.event_cli import events
from twin.film_cli import film

EXIT_OK = 0
EXIT_FAULT = 2
EXIT_INTERRUPTED = 130

cli = typer.Typer(
    help="Venue Twin: IFC in, a live 3D twin in the browser.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one. Default 8000.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on. Default: this machine alone.")]
Speed = Annotated[float | None, typer.Option(help="Simulated seconds per second.")]
Start = Annotated[str | None, typer.Option(help="When simulated time begins, RFC 3339. Default: now.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Processes. Default: one a core.")]


@cli.command()
def build(
    source: Annotated[Path, typer.Argument(metavar="SOURCE.ifc", help="The IFC file.")],
    target: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The package's folder.")],
    jobs: Jobs = None,
    memory: Annotated[
        float | None,
        typer.Option(metavar="GB", min=0.1, help="What all processes may take together. Default: 8."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even if the package is up to date.")] = False,
    as_json: Json = False,
) -> None:
    """Build a model package from an IFC file."""
    from twin.packages import build_with_progress, print_report

    most = None if memory is None else memory * 1e9
    report = build_with_progress(source, target, jobs=jobs, memory=most, force=force)
    print_report(report, target, as_json=as_json)


@cli.command()
def inspect(
    package: Annotated[Path, typer.Argument(metavar="DIR", help="The package's folder.")],
    quality: Annotated[
        bool, typer.Option("--quality", help="Say instead what the model's makers should mend, with guids.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what a model package holds."""
    from twin.packages import inspect_package, inspect_quality

    (inspect_quality if quality else inspect_package)(package, as_json=as_json)


@cli.command()
def export(
    package: Annotated[Path, typer.Argument(metavar="DIR", help="The package's folder.")],
    format_name: Annotated[
        str, typer.Option("--format", help="imdf (indoor map), bot, brick or rdf (both), as Turtle.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .zip or a folder for imdf, else a file. Default: beside DIR."),
    ] = None,
    venue: Annotated[Path | None, typer.Option(help="The venue folder: name, hours, devices.")] = None,
    base: Annotated[str, typer.Option(help="RDF: what all IRIs begin with.")] = "urn:venue-twin:",
    category: Annotated[str, typer.Option(help="IMDF: the venue's category.")] = "communitycenter",
    latitude: Annotated[float | None, typer.Option(help="Of the site, where the model has none.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Of the site, where the model has none.")] = None,
    address: Annotated[str, typer.Option(help="IMDF: street and number.")] = "",
    locality: Annotated[str, typer.Option(help="IMDF: city.")] = "",
    province: Annotated[str, typer.Option(help="IMDF: ISO 3166-2, such as CN-FJ.")] = "",
    country: Annotated[str, typer.Option(help="IMDF: ISO 3166-1, such as CN.")] = "",
    as_json: Json = False,
) -> None:
    """Write a package's rooms, elements and systems in formats that other programs read."""
    from twin.export.command import ExportOptions, export_package

    places = {"address": address, "locality": locality, "province": province, "country": country}
    options = ExportOptions(
        format_name, output, venue, base, category, latitude=latitude, longitude=longitude, **places
    )
    export_package(package, options, as_json=as_json)


@cli.command()
def serve(
    package: Annotated[Path, typer.Argument(metavar="DIR", help="The package's folder.")],
    data: Annotated[Path | None, typer.Option(help="Where the server keeps what it writes.")] = None,
    venue: Annotated[Path | None, typer.Option(help="The venue folder.")] = None,
    database: Annotated[
        str | None, typer.Option(help="postgresql://USER@HOST/NAME. Default: a file in the data folder.")
    ] = None,
    host: Host = None,
    port: Port = None,
    mqtt: Annotated[str | None, typer.Option(help="A broker to listen to: mqtt://host:1883.")] = None,
    adapters: Annotated[
        Path | None, typer.Option(help="The lines to devices. Default: adapters.yaml in the venue folder.")
    ] = None,
    redis: Annotated[
        str | None, typer.Option(help="One of several servers, joined by redis://HOST:6379; see twin bridge.")
    ] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="Simulate the devices.")] = False,
    speed: Speed = None,
    start: Start = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="Everyone on this machine is an admin, without signing in.")
    ] = False,
) -> None:
    """Serve a model package: the viewer, the API and the live stream."""
    from twin.commands import serve_package
    from twin.settings import parse_start

    options = {
        "package": package,
        "data": data,
        "venue": venue,
        "database": database,
        "host": host,
        "port": port,
        "mqtt": mqtt,
        "adapters": adapters,
        "redis": redis,
        "simulate": simulate or None,
        "speed": speed,
        "start": parse_start(start),
        "dev": dev or None,
    }
    serve_package(options)


@cli.command()
def bridge(
    package: Annotated[Path, typer.Argument(metavar="DIR", help="The package's folder.")],
    redis: Annotated[str | None, typer.Option(help="The servers' Redis: redis://HOST:6379.")] = None,
    venue: Annotated[Path | None, typer.Option(help="The venue folder.")] = None,
    mqtt: Annotated[str | None, typer.Option(help="A broker to listen to: mqtt://host:1883.")] = None,
    adapters: Annotated[
        Path | None, typer.Option(help="The lines to devices. Default: adapters.yaml in the venue folder.")
    ] = None,
    line: Annotated[
        list[str] | None, typer.Option(help="Hold this line alone; may be repeated. Default: all.")
    ] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="Simulate the devices.")] = False,
) -> None:
    """Hold the lines to devices for servers that are joined by Redis; several share them."""
    from twin.worker import run_worker

    options = {
        "package": package,
        "redis": redis,
        "venue": venue,
        "mqtt": mqtt,
        "adapters": adapters,
        "simulate": simulate or None,
    }
    run_worker(options, line or ())


@cli.command()
def demo(
    port: Port = None,
    host: Host = None,
    var: Annotated[Path | None, typer.Option(help="Where what is made is kept. Default: var/.")] = None,
    jobs: Jobs = None,
    speed: Speed = None,
    start: Start = None,
) -> None:
    """Make the demo venue and serve it with simulated devices."""
    from twin.demo import serve_demo
    from twin.settings import parse_start

    options = {"host": host, "port": port, "speed": speed, "start": parse_start(start)}
    serve_demo(options, var=var, jobs=jobs)


cli.add_typer(events, name="events")
cli.add_typer(film, name="film")

account = typer.Typer(help="Who may sign in, and as what.", no_args_is_help=True, rich_markup_mode=None)
cli.add_typer(account, name="account")

PackageOption = Annotated[Path | None, typer.Option(metavar="DIR", help="The package of the twin meant.")]
DataOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Its data folder, where it has another.")
]
DatabaseOption = Annotated[
    str | None, typer.Option(metavar="URL", help="Its database, where it has another.")
]
AccountName = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
RoleOption = Annotated[str, typer.Option(help="visitor, member, operator, manager or admin.")]


def _database(package: Path | None, data: Path | None, database: str | None) -> str:
    from twin.settings import load_store_settings

    return load_store_settings({"package": package, "data": data, "database": database}).database_url()


@account.command("add")
def account_add(
    name: AccountName,
    role: RoleOption,
    display_name: Annotated[str, typer.Option(help="How people see it.")] = "",
    by_link: Annotated[
        bool, typer.Option("--link", help="No password: print a link that signs in once.")
    ] = False,
    package: PackageOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Make an account; asks for its password, or reads it from stdin."""
    from twin.accounts import terminal

    terminal.add(_database(package, data, database), name, role, display_name, by_link=by_link)


@account.command("list")
def account_list(
    package: PackageOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Show the accounts."""
    from twin.accounts import terminal

    terminal.show(_database(package, data, database))


@account.command("disable")
def account_disable(
    name: AccountName,
    package: PackageOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Let an account in no more."""
    from twin.accounts import terminal

    terminal.disable(_database(package, data, database), name)


@account.command("enable")
def account_enable(
    name: AccountName,
    package: PackageOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Let an account in again, disabled or locked by wrong passwords."""
    from twin.accounts import terminal

    terminal.enable(_database(package, data, database), name)


@account.command("role")
def account_role(
    name: AccountName,
    role: Annotated[str, typer.Argument(help="visitor, member, operator, manager or admin.")],
    package: PackageOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Give an account another role."""
    from twin.accounts import terminal

    terminal.change_role(_database(package, data, database), name, role)


@account.command("password")
def account_password(
    name: AccountName,
    package: PackageOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Give an account a new password."""
    from twin.accounts import terminal

    terminal.change_password(_database(package, data, database), name)


@account.command("link")
def account_link(
    name: AccountName,
    package: PackageOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Print a link that signs somebody in once, within a day."""
    from twin.accounts import terminal

    terminal.link(_database(package, data, database), name)


@account.command("key")
def account_key(
    name: AccountName,
    label: Annotated[str, typer.Option(help="What the key is for.")],
    package: PackageOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Print a key with which a program acts as an account."""
    from twin.accounts import terminal

    terminal.key(_database(package, data, database), name, label)


devices = typer.Typer(
    help="Devices as people keep them: facts, secrets, what a broker needs to know.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
cli.add_typer(devices, name="devices")

DeviceNames = Annotated[list[str], typer.Argument(metavar="DEVICE...", help="Ids of devices.")]
DeviceGlobs = Annotated[
    list[str], typer.Argument(metavar="DEVICE...", help="Ids of devices, or globs such as 'L2-LUM-*'.")
]
VenueOption = Annotated[Path | None, typer.Option(metavar="DIR", help="Its venue folder.")]


@devices.command("issue")
def devices_issue(
    names: DeviceGlobs,
    rotate: Annotated[bool, typer.Option("--rotate", help="Let the secrets that they have end.")] = False,
    grace_hours: Annotated[float, typer.Option(min=0, help="With --rotate: after so many hours.")] = 24.0,
    package: PackageOption = None,
    venue: VenueOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Print a new secret for each device, this once: as CSV with the columns device, username, secret."""
    from twin import device_commands
    from twin.settings import load_venue_settings

    options = {"package": package, "venue": venue, "data": data, "database": database}
    device_commands.issue(load_venue_settings(options), names, grace_hours if rotate else None)


@devices.command("revoke")
def devices_revoke(
    names: DeviceNames,
    number: Annotated[int | None, typer.Option(help="Which of its secrets; all when left out.")] = None,
    package: PackageOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Make secrets of devices good for nothing at once."""
    from twin import device_commands

    device_commands.revoke(_database(package, data, database), names, number)


@devices.command("secrets")
def devices_secrets(
    package: PackageOption = None, data: DataOption = None, database: DatabaseOption = None
) -> None:
    """Show which devices have secrets, without the secrets."""
    from twin import device_commands

    device_commands.show_secrets(_database(package, data, database))


@devices.command("export")
def devices_export(
    output: Annotated[Path, typer.Argument(metavar="FILE", help="The table to write; - is stdout.")],
    package: PackageOption = None,
    venue: VenueOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write every device with what is known of it as CSV."""
    from twin import device_commands
    from twin.settings import load_venue_settings

    options = {"package": package, "venue": venue, "data": data, "database": database}
    device_commands.export_table(load_venue_settings(options), output)


@devices.command("import")
def devices_import(
    table: Annotated[Path, typer.Argument(metavar="FILE", help="A table as export writes it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for the events.")] = "",
    package: PackageOption = None,
    venue: VenueOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write what a table says of devices: all of it, or nothing and every fault by its line."""
    from twin import device_commands
    from twin.settings import load_venue_settings

    options = {"package": package, "venue": venue, "data": data, "database": database}
    device_commands.import_table(load_venue_settings(options), table, reason, dry_run=dry_run)


@devices.command("export-mosquitto")
def devices_export_mosquitto(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where `passwords` and `topics` go.")],
    mqtt: Annotated[
        str | None, typer.Option(help="The server's own address: mqtt://USER:PASSWORD@HOST. Or TWIN_MQTT.")
    ] = None,
    package: PackageOption = None,
    venue: VenueOption = None,
    data: DataOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write mosquitto's password_file and acl_file: each device on its own topics, the server on all."""
    from twin import device_commands
    from twin.settings import load_venue_settings

    options = {"package": package, "venue": venue, "data": data, "database": database, "mqtt": mqtt}
    device_commands.export_mosquitto(load_venue_settings(options), folder)


incident = typer.Typer(
    help="Archives of incidents, as the viewer gives them out.", no_args_is_help=True, rich_markup_mode=None
)
cli.add_typer(incident, name="incident")

ArchiveFile = Annotated[Path, typer.Argument(metavar="FILE", help="The archive: a .twinincident file.")]
MostGb = Annotated[float, typer.Option(min=0.001, help="Refuse archives that unpack to more gigabytes.")]


@incident.command("open")
def incident_open(
    file: ArchiveFile,
    package: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The model, where the archive comes without.")
    ] = None,
    port: Port = None,
    most_gb: MostGb = 8.0,
) -> None:
    """Show an archive in the viewer, read-only, on this machine."""
    from twin.archive.command import open_incident

    open_incident(file, package, {"port": port}, most_bytes=int(most_gb * 1e9))


@incident.command("check")
def incident_check(file: ArchiveFile, most_gb: MostGb = 8.0) -> None:
    """Check every part of an archive against its hashes, and say what it is."""
    from twin.archive.command import check_incident

    check_incident(file, most_bytes=int(most_gb * 1e9))


@cli.command()
def route(
    package: Annotated[Path, typer.Argument(metavar="DIR", help="The package's folder.")],
    start: Annotated[
        str, typer.Option("--from", help="A room's number, name or guid, a POI's id, or x,y,z.")
    ],
    goal: Annotated[str, typer.Option("--to", help="As --from.")],
    profile: Annotated[str, typer.Option(help="walk or step_free.")] = "walk",
    lang: Annotated[str, typer.Option(help="Language of the instructions: zh-CN or en.")] = "zh-CN",
    venue: Annotated[Path | None, typer.Option(help="The venue folder.")] = None,
    as_json: Json = False,
) -> None:
    """Find the way from place to place; exit 2 with the reason where there is none."""
    from twin.commands import print_route

    print_route(package, start, goal, profile=profile, lang=lang, venue=venue, as_json=as_json)


def main() -> None:
    """Entry point of the `twin` command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code. Whatever goes wrong is one line on stderr."""
    return _guarded(lambda: cli(args=list(arguments), standalone_mode=False, prog_name="twin"))


def _guarded(command: Callable[[], Any]) -> int:
    try:
        outcome = command()
    except TyperException as error:
        return _fail(f"{error.format_message()} (see twin --help)")
    except (TwinError, PipelineError, SpatialError, BridgeError, NavigationError) as error:
        return _fail(str(error))
    except (KeyboardInterrupt, Abort):
        return _fail("stopped", EXIT_INTERRUPTED)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        return _fail(f"{error.strerror or error}{where}")
    except Exception as error:  # noqa: BLE001 - the last resort: kept whole in a file, one line for the user
        return _fail(f"a fault in twin itself; please report the file {_kept_trace(error)} ({error!r})")
    return outcome if isinstance(outcome, int) else EXIT_OK


def _kept_trace(error: Exception) -> str:
    """The file into which the stack trace went."""
    with tempfile.NamedTemporaryFile("w", prefix="twin-fault-", suffix=".txt", delete=False) as file:
        file.writelines(traceback.format_exception(error))
    return file.name


def _fail(message: str, code: int = EXIT_FAULT) -> int:
    line = " ".join(message.split())
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"twin: {line}", markup=False, style="red")
    return code


if __name__ == "__main__":
    main()
