"""The commands `twin events`."""

from pathlib import Path
from typing import Annotated

import typer

events = typer.Typer(
    help="The log of events: check it, hand it to others.", no_args_is_help=True, rich_markup_mode=None
)

Package = Annotated[Path | None, typer.Option(metavar="DIR", help="The package of the twin meant.")]
Data = Annotated[Path | None, typer.Option(metavar="DIR", help="Its data folder, where it has another.")]
Database = Annotated[str | None, typer.Option(metavar="URL", help="Its database, where it has another.")]


@events.command("verify")
def verify(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Exports; each goes on where one ends.")
    ] = None,
    package: Package = None,
    data: Data = None,
    database: Database = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
) -> None:
    """Check that no event was changed, taken out or cut off; exit 2 and the first one that was.

    Needs no twin for FILE; with both, the twin's log must have what the files hold.
    """
    from twin.events import commands
    from twin.settings import load_store_settings

    settings = load_store_settings({"package": package, "data": data, "database": database})
    commands.verify(files or (), commands.store_of(settings), as_json=as_json)


@events.command("export")
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="The file to write.")],
    from_: Annotated[str | None, typer.Option("--from", help="RFC 3339, or a date. Default: all.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="As --from; not included.")] = None,
    package: Package = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Write events with their hashes as lines of JSON, which others can verify without our database."""
    from twin.errors import SettingError
    from twin.events import commands
    from twin.events.moments import parse_moment
    from twin.settings import load_store_settings

    store = commands.store_of(load_store_settings({"package": package, "data": data, "database": database}))
    if store is None:
        raise SettingError("say which twin: --package DIR, --data DIR or --database URL")
    from_ms = None if from_ is None else parse_moment(from_, "--from")
    to_ms = None if to is None else parse_moment(to, "--to")
    commands.export(file, store, from_ms, to_ms)
