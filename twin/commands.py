"""What `twin serve` does, step by step."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from navigation.errors import NoRouteError
from navigation.model import Language
from spatial.package import ModelPackage
from twin.accounts.terminal import NO_ACCOUNTS
from twin.app import assemble
from twin.errors import SettingError
from twin.http.route import RouteAnswer, shown_route
from twin.logs import configure_logs
from twin.runtime import Twin, open_twin
from twin.serving import address_of, bind_port, serve
from twin.settings import Settings, load_settings
from twin.venue import load_venue, plain_venue
from twin.wayfinding import open_navigator


def serve_package(options: Mapping[str, Any]) -> None:
    """Serve a package until Ctrl-C. Raises the errors of `open_twin`, and PortError before anything slow."""
    settings = load_settings(options)
    configure_logs(settings.log_format, settings.log_level)
    with bind_port(settings.host, settings.port) as bound:
        run_twin(settings, bound)


def run_twin(settings: Settings, bound: socket.socket) -> None:
    """Open the twin and serve it on a bound port."""
    twin = open_twin(settings)
    serve(assemble(twin), settings, bound, on_ready=lambda: announce(twin, address_of(bound)))


def announce(twin: Twin, address: str) -> None:
    """Say on stderr where the twin is to be seen, and by whom; the last thing before it just runs."""
    name = twin.venue.info.name
    shown = " ".join(dict.fromkeys(part for part in (name.zh, name.en) if part))
    lines = [
        f"[bold]{shown}[/bold]",
        f"[bold cyan]{address}[/bold cyan]",
        f"[dim]{len(twin.registry)} points, {twin.package.element_count} elements; "
        f"API: {address}/docs; Ctrl-C ends[/dim]",
        *access_lines(twin, address),
    ]
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Panel.fit("\n".join(lines), border_style="cyan"))
    for link in twin.demo.links:
        console.print(f"{link.person.role.key:>9}  {address}/login?link={link.token}")


def access_lines(twin: Twin, address: str) -> list[str]:
    """Who gets in, where that is not simply whoever has an account; rich markup."""
    if twin.settings.dev:
        return ["[yellow]--dev: everyone on this machine is an admin[/yellow]"]
    if twin.demo.links:
        return [
            f"Demo: choose a role at {address}/login, or follow a link below. No account: {address}/guide"
        ]
    if not twin.has_accounts:
        package = escape(str(twin.settings.package))
        return [f"[yellow]{NO_ACCOUNTS} --package {package}[/yellow]", f"Open to everyone: {address}/guide"]
    return []


def print_route(
    package: Path, start: str, goal: str, *, profile: str, lang: str, venue: Path | None, as_json: bool
) -> None:
    """Print the way from place to place. Raises PackageError, VenueError, SettingError, NavigationError."""
    language = _language(lang)
    with ModelPackage.open(package) as opened:
        kept = load_venue(venue) if venue else plain_venue(opened.manifest.name)
        try:
            route = open_navigator(opened, kept).route(start, goal, profile)
        except NoRouteError as error:
            raise error.told_in(language) from error
        answer = shown_route(opened, route, language)
    if as_json:
        print(answer.model_dump_json())
    else:
        _print_steps(answer)


def _language(lang: str) -> Language:
    if lang in ("zh-CN", "zh"):
        return "zh-CN"
    if lang == "en":
        return "en"
    raise SettingError(f"no instructions in {lang!r}; give --lang zh-CN or --lang en")


def _print_steps(answer: RouteAnswer) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for number, step in enumerate(answer.steps, 1):
        console.print(f"{number:3}. {step.text}", markup=False)
    console.print(f"{answer.length_m:.0f} m, {answer.duration_s / 60:.1f} min", markup=False)
