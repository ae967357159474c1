"""Makes the archive of an incident: everything that another installation needs to see it again."""

import asyncio
import hashlib
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from spatial.errors import SpatialError
from spatial.manifest import read_manifest
from telemetry_bridge.errors import BridgeError
from telemetry_bridge.registry import load_registry
from telemetry_bridge.times import format_rfc3339
from twin.http.health import server_version
from twin.incidents.backstory import Backstory, backstory
from twin.incidents.columns_file import check_columns, samples_file, states_file
from twin.incidents.cutting import cut
from twin.incidents.errors import ArchiveChangedError, ExportUnableError
from twin.incidents.film_cut import FilmCut
from twin.incidents.manifest import FORMAT, VERSION, IncidentNote, Manifest, ModelNote, SceneNote
from twin.incidents.model import Incident
from twin.incidents.packing import (
    Parts,
    event_lines,
    events_note,
    film_note,
    model_files,
    pack,
    points_document,
    single_lines,
    venue_files,
)
from twin.incidents.phrases import Language
from twin.incidents.scenes_part import PART as SCENES
from twin.incidents.scenes_part import PastScenes, joined, scenes_document
from twin.panels.incidents import shown
from twin.panels.incidents.recordings import cameras_of, hold_recordings
from twin.panels.incidents.service import IncidentReports
from twin.panels.video.folder import open_library
from twin.runtime import Twin
from twin.video.names import folder_of

TEMPORARY = ".incident-"
LEFT_OVER_S = 3600.0
README = """This is an incident archive of Venue Twin. Open it with

    twin incident open FILE

which shows the venue as it was, read-only, in a browser on this machine. Without the program: unzip it.
manifest.json   what is in here, with the SHA-256 of every part
report.pdf      the report
incident.json   the report as a record; pictures/ holds its pictures
events.jsonl    what happened, one event a line; each hash covers the event and the hash before it
context.jsonl   earlier events that these go back to
film/           samples.parquet: every sample (time_ms: ms since 1970 UTC); states.parquet: the whole state
                where a stretch begins; points.json: what the points are, by `row`
video/          what cameras recorded: fragmented MP4, named by beginning and end (ms since 1970 UTC)
scenes.json     which model revision and which bindings were in force, from when on
venue/, bindings.json, model/   what is needed to show it; without model/ the manifest names the model
"""


@dataclass(frozen=True, slots=True)
class Packed:
    """An archive on disk; whoever sends it deletes it."""

    path: Path
    name: str
    cameras: tuple[str, ...] = ()
    """Whose recordings are in it."""


async def make_archive(
    reports: IncidentReports,
    incident: Incident,
    language: Language,
    made_by: str,
    *,
    with_model: bool,
    with_video: bool = True,
) -> Packed:
    """Write the archive into the data folder.

    Raises:
        IntervalError: there is no film of the time, or too much; ArchiveChangedError: the venue's files or
        the model were changed since the server started; ExportUnableError: pyarrow is missing.
    """
    await asyncio.to_thread(check_columns)
    twin = reports.twin
    await asyncio.to_thread(check_unchanged, twin)
    film = await cut(twin.film, twin.registry, float(incident.from_ms), float(incident.to_ms))
    scenes = await _scenes(twin, incident)
    events = await backstory(twin.events, twin.alarms, incident.from_ms, incident.to_ms)
    parts = Parts()
    problem = await _add_report(reports, incident, language, parts)
    for picture, png in (await reports.records.pictures(incident)).items():
        parts.contents[f"pictures/{picture}.png"] = png
    made = _Made(twin, incident, film, scenes, events, made_by, problem, with_model)
    with tempfile.TemporaryDirectory(dir=twin.settings.data_folder, prefix=TEMPORARY) as hold:
        cameras = await _add_recordings(reports, incident, parts, Path(hold)) if with_video else []
        packed = await asyncio.to_thread(_write, made, parts)
    return replace(packed, cameras=tuple(cameras))


@dataclass(frozen=True, slots=True)
class _Made:
    twin: Twin
    incident: Incident
    film: FilmCut
    scenes: PastScenes
    events: Backstory
    made_by: str
    no_report: str | None
    with_model: bool


async def _add_recordings(
    reports: IncidentReports, incident: Incident, parts: Parts, hold: Path
) -> list[str]:
    """Add what the cameras recorded that saw it; gives which ones."""
    twin = reports.twin
    cameras = await cameras_of(twin, incident, await reports.meant(incident.scope))
    held = await asyncio.to_thread(hold_recordings, open_library(twin), cameras, incident, hold)
    parts.files |= held
    return [each for each in cameras if any(name.startswith(f"video/{folder_of(each)}/") for name in held)]


async def _add_report(
    reports: IncidentReports, incident: Incident, language: Language, parts: Parts
) -> str | None:
    """Add the report; without what a PDF needs, the archive is made all the same, and says why."""
    found = shown.dossier(await reports.dossier(incident))
    parts.contents["report.json"] = orjson.dumps(found.model_dump(mode="json", by_alias=True))
    try:
        parts.contents["report.pdf"] = await reports.pdf(incident, language)
    except ExportUnableError as error:
        return str(error)
    return None


def check_unchanged(twin: Twin) -> None:
    """Raise ArchiveChangedError where the files on disk are not those that the server runs with."""
    try:
        path = twin.settings.package / "manifest.json"
        revision = read_manifest(path.read_bytes(), str(path)).revision
    except (SpatialError, OSError) as error:
        raise ArchiveChangedError(f"the model package cannot be read ({error}); build it again") from error
    if revision != twin.package.manifest.revision:
        raise ArchiveChangedError("the model was built anew; restart the server, then make the archive")
    folder = twin.venue.folder
    if folder is None or not (folder / "devices.csv").exists():
        return
    try:
        registry = load_registry(folder / "device_types.yaml", folder / "devices.csv")
    except (BridgeError, OSError) as error:
        raise ArchiveChangedError(f"the venue's list of devices cannot be read: {error}") from error
    if registry.hash != twin.registry.hash:
        raise ArchiveChangedError(
            "the venue's devices were changed; restart the server, then make the archive"
        )


def _write(made: _Made, parts: Parts) -> Packed:
    twin, incident = made.twin, made.incident
    _add_contents(made, parts)
    manifest = _manifest(made, parts)
    with tempfile.NamedTemporaryFile(
        dir=twin.settings.data_folder, prefix=TEMPORARY, suffix=".zip", delete=False
    ) as file:
        target = Path(file.name)
    pack(target, manifest, parts)
    return Packed(target, f"incident-{incident.number}.twinincident")


def _add_contents(made: _Made, parts: Parts) -> None:
    twin, film = made.twin, made.film
    parts.contents["README.txt"] = README.encode()
    parts.add_json("incident.json", asdict(made.incident))
    parts.add_json("bindings.json", dict(sorted(_bindings(made).items())))
    parts.add_json(SCENES, scenes_document(made.scenes))
    parts.contents["events.jsonl"] = event_lines(made.events.events)
    parts.contents["context.jsonl"] = single_lines(made.events.context)
    parts.add_json("film/points.json", points_document(film.points))
    parts.contents["film/states.parquet"] = states_file(film)
    parts.contents["film/samples.parquet"] = samples_file(film)
    if twin.venue.folder is not None:
        parts.add_folder("venue", twin.venue.folder, venue_files(twin.venue.folder))
    if made.with_model:
        package = twin.settings.package
        parts.add_folder("model", package, model_files(package))


def _bindings(made: _Made) -> Mapping[str, str | None]:
    """Which element each device stood for at the incident's time; where nobody noted it, stands for now."""
    twin, scene = made.twin, made.scenes.at(made.incident.at_ms)
    then = twin.bindings.element_of if scene is None else made.scenes.bindings(scene)
    return {device: _known(twin, then.get(device)) for device in twin.registry.devices}


def _known(twin: Twin, guid: str | None) -> str | None:
    """An element of the model that goes into the archive."""
    return guid if guid is not None and twin.has_element(guid) else None


async def _scenes(twin: Twin, incident: Incident) -> PastScenes:
    """What was in force in the incident's time. Raises DamagedFilmError."""
    scenes = twin.film.scenes
    found = scenes.between(incident.from_ms, incident.to_ms)
    keys = dict.fromkeys(scene.bindings for _, scene in found)
    return joined(found, [await scenes.bindings(key) for key in keys])


def _scene_note(made: _Made) -> SceneNote | None:
    scene = made.scenes.at(made.incident.at_ms)
    if scene is None:
        return None
    return SceneNote(since_ms=scene.from_ms, revision=scene.revision, bindings=scene.bindings)


def _manifest(made: _Made, parts: Parts) -> Manifest:
    twin, incident = made.twin, made.incident
    return Manifest(
        format=FORMAT,
        version=VERSION,
        made=format_rfc3339(twin.clock.now_ms()),
        made_by=made.made_by,
        server=server_version(),
        venue=twin.venue.info.name.zh or twin.venue.info.name.en,
        timezone=str(twin.venue.zone),
        incident=IncidentNote(
            id=incident.id,
            number=incident.number,
            title=incident.title,
            from_ms=incident.from_ms,
            to_ms=incident.to_ms,
            at_ms=incident.at_ms,
        ),
        model=_model_note(twin, with_model=made.with_model),
        events=events_note(made.events.events, made.events.before),
        film=film_note(made.film),
        scene=_scene_note(made),
        report=made.no_report,
        parts=parts.described(),
    )


def _model_note(twin: Twin, *, with_model: bool) -> ModelNote:
    manifest = twin.package.manifest
    source = manifest.raw.get("source") or {}
    return ModelNote(
        name=manifest.name,
        revision=manifest.revision,
        included=with_model,
        source_file=str(source.get("file", "")),
        source_sha256=str(source.get("sha256", "")),
        pipeline=str(manifest.raw.get("pipeline", "")),
    )


def fingerprint_of(path: Path) -> dict[str, int | str]:
    """Size and SHA-256 of an archive."""
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


def remove_leftovers(folder: Path) -> None:
    """Delete archives that were made long ago and never sent: the server was stopped meanwhile."""
    for path in folder.glob(f"{TEMPORARY}*"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - LEFT_OVER_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
