"""The commands `twin film`."""

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
