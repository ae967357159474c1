"""What `twin incident open` and `twin incident check` do."""

import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from telemetry_bridge.times import format_rfc3339
from twin.archive.opening import archive_app, open_archive
from twin.incidents import unpacking
from twin.incidents.errors import ArchiveError
from twin.incidents.manifest import Manifest
from twin.incidents.unpacking import Unpacked, unpack
from twin.logs import configure_logs
from twin.runtime import Twin
from twin.serving import address_of, bind_port, serve

LOCAL = "127.0.0.1"
DEFAULT_PORT = 8000


def open_incident(file: Path, package: Path | None, options: Mapping[str, Any], *, most_bytes: int) -> None:
    """Serve an archive until Ctrl-C; what was unpacked is deleted then.

    Raises ArchiveError, StartError.
    """
    configure_logs("console", "warning")
    port = options.get("port")
    with (
        bind_port(LOCAL, DEFAULT_PORT if port is None else port) as bound,
        tempfile.TemporaryDirectory(prefix="twin-incident-") as work,
    ):
        unpacked = _unpacked(file, Path(work), most_bytes)
        data = Path(work) / "data"
        data.mkdir()
        twin = open_archive(unpacked, data, package, options)
        app = archive_app(twin)
        serve(app, twin.settings, bound, on_ready=lambda: _announce(twin, unpacked.manifest, bound))


def check_incident(file: Path, *, most_bytes: int) -> None:
    """Check every part of an archive, and say what it is. Raises ArchiveError."""
    with tempfile.TemporaryDirectory(prefix="twin-incident-") as work:
        unpacked = _unpacked(file, Path(work), most_bytes)
        incident = unpacking.incident_of(unpacked)
        unpacking.pictures_of(unpacked, incident)
        unpacking.bindings_of(unpacked)
        unpacking.scenes_of(unpacked)
        events = len(unpacking.events_of(unpacked)) + len(unpacking.context_of(unpacked))
        film = unpacking.film_of(unpacked)
        for line in _described(unpacked.manifest, events, len(film)):
            print(line)


def _unpacked(file: Path, work: Path, most_bytes: int) -> Unpacked:
    if not file.is_file():
        raise ArchiveError(f"there is no file {file}")
    return unpack(file, work / "archive", most_bytes)


def _described(manifest: Manifest, events: int, samples: int) -> list[str]:
    incident, model = manifest.incident, manifest.model
    came = "included" if model.included else f"not included: build it from {model.source_file}"
    return [
        f"{manifest.venue}: incident {incident.number}, {incident.title}",
        f"{format_rfc3339(incident.from_ms)} to {format_rfc3339(incident.to_ms)}",
        f"made {manifest.made} by {manifest.made_by}",
        f"{samples} samples, {events} events, {len(manifest.parts)} parts: every hash is right",
        f"model {model.name}, revision {model.revision}, {came}",
        *([f"no report.pdf: {manifest.report}"] if manifest.report else []),
    ]


def _announce(twin: Twin, manifest: Manifest, bound: socket.socket) -> None:
    incident = manifest.incident
    moment = quote(format_rfc3339(incident.at_ms))
    lines = [
        f"[bold]{escape(manifest.venue)}[/bold]",
        f"Archive of incident {incident.number}: {escape(incident.title)}",
        f"{format_rfc3339(incident.from_ms)} to {format_rfc3339(incident.to_ms)}",
        f"[bold cyan]{address_of(bound)}/?at={moment}[/bold cyan]",
        f"[dim]read-only, {len(twin.registry)} points; Ctrl-C ends[/dim]",
    ]
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Panel.fit("\n".join(lines), border_style="yellow"))
