"""From an unpacked archive to a twin that can be served."""

import asyncio
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI

from spatial.errors import SpatialError
from spatial.package import ModelPackage
from telemetry_bridge.binding_store import BindingStore
from telemetry_bridge.clock import Clock, SimulatedClock
from telemetry_bridge.errors import BridgeError
from twin.app import assemble
from twin.archive.filling import Content, fill
from twin.archive.read_only import ReadOnly
from twin.errors import TwinError
from twin.incidents import unpacking
from twin.incidents.archived_film import ArchivedFilm
from twin.incidents.errors import ArchiveError
from twin.incidents.film_cut import FilmCut
from twin.incidents.unpacking import Unpacked
from twin.runtime import Twin, open_twin
from twin.settings import Settings, load_settings
from twin.store.database import default_url

RECORDINGS = "video"
STANDSTILL = 1e-6
"""Clock seconds in a real one: the time has ended, yet pages divide by the speed."""


def open_archive(unpacked: Unpacked, data: Path, package: Path | None, options: Mapping[str, Any]) -> Twin:
    """The twin of an archive, its database filled; `package`: the model, where it did not come along.

    `data` is an empty folder; `options` are of the server: port, viewer.

    Raises:
        ArchiveError: what is in it cannot be shown, or not with this model; StartError.
    """
    film = unpacking.film_of(unpacked)
    incident = unpacking.incident_of(unpacked)
    events = sorted(
        [*unpacking.context_of(unpacked), *unpacking.events_of(unpacked)], key=lambda event: event.seq
    )
    pictures = unpacking.pictures_of(unpacked, incident)
    content = Content(events, incident, pictures, unpacking.scenes_of(unpacked))
    clock = SimulatedClock(float(unpacked.manifest.incident.to_ms), STANDSTILL)
    settings = archive_settings(unpacked, data, _model(unpacked, package), options)
    _put_recordings(unpacked, data)
    BindingStore(data).save(unpacking.bindings_of(unpacked))
    twin = _opened(settings, clock, unpacked)
    asyncio.run(fill(default_url(data), content, clock))
    twin.archive = unpacked.manifest
    twin.make_film = functools.partial(ArchivedFilm, film)
    _show_end(twin, film)
    return twin


def archive_app(twin: Twin) -> FastAPI:
    """The application of an archive: the ordinary one, read-only."""
    app = assemble(twin)
    app.add_middleware(ReadOnly)
    return app


def _put_recordings(unpacked: Unpacked, data: Path) -> None:
    """Let the recordings lie where a twin looks for them. Raises ArchiveError."""
    folder = unpacked.folder / RECORDINGS
    if not folder.is_dir():
        return
    try:
        folder.rename(data / RECORDINGS)
    except OSError as error:
        raise ArchiveError(f"the archive's recordings cannot be shown: {error.strerror}") from error


def _model(unpacked: Unpacked, package: Path | None) -> Path:
    """The model package to use. Raises ArchiveError: there is none, or it is of another revision."""
    model = unpacked.manifest.model
    folder = package or unpacked.model
    if folder is None:
        raise ArchiveError(
            f"the archive comes without its model ({model.name}, revision {model.revision}): build it from "
            f"{model.source_file or 'its IFC file'} (SHA-256 {model.source_sha256 or 'unknown'}) and give it "
            "with --package DIR"
        )
    try:
        with ModelPackage.open(folder) as opened:
            revision = opened.manifest.revision
    except SpatialError as error:
        raise ArchiveError(f"the model cannot be opened: {error}") from error
    if revision != model.revision:
        raise ArchiveError(f"{folder} is revision {revision} of a model; the archive is of {model.revision}")
    return folder


def archive_settings(unpacked: Unpacked, data: Path, package: Path, options: Mapping[str, Any]) -> Settings:
    """Settings under which nothing is heard, sent or recorded, whatever the environment says."""
    alone = {
        "host": "127.0.0.1",
        "allowed_origins": (),
        "dev": True,
        "demo_accounts": False,
        "embedded_broker": False,
        "simulate": False,
        "speed": 1.0,
        "database": default_url(data),
    }
    settings = load_settings({**options, **alone, "package": package, "data": data})
    none = {"mqtt": None, "redis": None, "adapters": None, "start": None, "venue": unpacked.venue}
    return settings.model_copy(update=none)


def _opened(settings: Settings, clock: Clock, unpacked: Unpacked) -> Twin:
    try:
        twin = open_twin(settings, clock)
    except (TwinError, BridgeError) as error:
        raise ArchiveError(f"the archive's venue cannot be opened: {error}") from error
    if twin.registry.hash != unpacked.manifest.film.registry:
        raise ArchiveError(
            "the archive's film is of other devices than its venue lists; it was made by another version"
        )
    twin.adapters.clear()
    return twin


def _show_end(twin: Twin, film: FilmCut) -> None:
    """Let the present be the end of the archive."""
    state = film.state_at(film.to_ms)
    rows = np.flatnonzero(state.known[: film.registered])
    twin.bridge.live.apply(
        rows, state.value[rows], state.time_ms[rows], state.quality[rows], twin.clock.now_ms()
    )
