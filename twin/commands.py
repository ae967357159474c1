"""What `twin serve` does, step by step."""

import socket
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.panel import Panel

from twin.app import assemble
from twin.logs import configure_logs
from twin.runtime import Twin, open_twin
from twin.serving import address_of, bind_port, serve
from twin.settings import Settings, load_settings


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
    """Say on stderr where the twin is to be seen; the last thing before it just runs."""
    name = twin.venue.info.name
    shown = " ".join(dict.fromkeys(part for part in (name.zh, name.en) if part))
    lines = [
        f"[bold]{shown}[/bold]",
        f"[bold cyan]{address}[/bold cyan]",
        f"[dim]{len(twin.registry)} points, {twin.package.element_count} elements; "
        f"API: {address}/docs; Ctrl-C ends[/dim]",
    ]
    Console(stderr=True).print(Panel.fit("\n".join(lines), border_style="cyan"))
