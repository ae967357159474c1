"""The commands `twin film`."""

import math
from pathlib import Path
from typing import Annotated

import typer

film = typer.Typer(
    help="The film: check it, make it smaller, hand parts of it on.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Package = Annotated[Path | None, typer.Option(metavar="DIR", help="The package of the twin meant.")]
Data = Annotated[Path | None, typer.Option(metavar="DIR", help="Its data folder, where it has another.")]
Database = Annotated[str | None, typer.Option(metavar="URL", help="Its database, where it has another.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def _url(package: Path | None, data: Path | None, database: str | None) -> str:
    from twin.errors import SettingError
    from twin.events.commands import store_of
    from twin.settings import load_store_settings

    store = store_of(load_store_settings({"package": package, "data": data, "database": database}))
    if store is None:
        raise SettingError("say which twin: --package DIR, --data DIR or --database URL")
    return store.url


@film.command("verify")
def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="Take out what is damaged; with the server stopped alone.")
    ] = False,
    package: Package = None,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Read the whole film and check it; exit 2, and what is wrong, where something is. A server may run.

    With --repair what cannot be read becomes unknown, and is listed; the rest stays as it is.
    """
    from twin.film import commands

    commands.verify(_url(package, data, database), as_json=as_json, mend=repair)


@film.command("compact")
def compact(
    package: Package = None, data: Data = None, database: Database = None, as_json: Json = False
) -> None:
    """Join small segments, merge what came late, give free space back to the disk; with the server stopped.

    What the film tells stays the same to the bit. It may be stopped at any time.
    """
    from twin.film import commands

    commands.compact(_url(package, data, database), as_json=as_json)


@film.command("export")
def export(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="To write: .twinfilm, .parquet or .csv.", show_default=False),
    ],
    from_: Annotated[str | None, typer.Option("--from", help="RFC 3339, or a date. Default: all.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="As --from; not included.")] = None,
    device: Annotated[
        list[str] | None, typer.Option(help="These devices alone; 'L2-*' for many. May be repeated.")
    ] = None,
    point: Annotated[
        list[str] | None, typer.Option(help="These points alone, by name, as --device. May be repeated.")
    ] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", help="Points of these classes alone. May be repeated.")
    ] = None,
    package: Package = None,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Write a part of the film. A server may run.

    .twinfilm is for twin film import, exact to the bit; .parquet and .csv are for other programs.
    """
    from twin.events.moments import parse_moment
    from twin.film import commands
    from twin.film.choosing import Choice
    from twin.film.exporting import Order

    order = Order(
        -math.inf if from_ is None else float(parse_moment(from_, "--from")),
        math.inf if to is None else float(parse_moment(to, "--to")),
        Choice(tuple(device or ()), tuple(point or ()), tuple(class_ or ())),
    )
    commands.export(_url(package, data, database), file, order, as_json=as_json)


@film.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.twinfilm", help="What twin film export wrote.")],
    package: Package = None,
    data: Data = None,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Take an export in, into this twin or another; with the server stopped.

    What is missing is filled in, what is there stays. An import that was stopped is begun again.
    """
    from twin.film import commands
    from twin.settings import load_store_settings

    settings = load_store_settings({"package": package, "data": data, "database": database})
    commands.import_(settings.database_url, file, as_json=as_json)
