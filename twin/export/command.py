"""What `twin export` does: a package in, one file or folder out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args

import numpy as np
import orjson
from rich.console import Console

from spatial.model import ElementFilter
from spatial.package import ModelPackage
from twin.errors import ExportError
from twin.export import features
from twin.export.earth import Earth, locate
from twin.export.imdf import Address, Archive, VenueFacts, build_archive
from twin.export.triples import DEFAULT_BASE, everything, operations, topology, turtle
from twin.export.writing import write_file, write_folder, zipped
from twin.runtime import open_registry
from twin.venue import Day, Venue, load_venue, plain_venue

FORMATS = ("imdf", "bot", "brick", "rdf")
_WEEK: tuple[Day, ...] = get_args(Day)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the command line says; latitude and longitude count where the model has none."""

    format: str
    output: Path | None = None
    venue: Path | None = None
    base: str = DEFAULT_BASE
    category: str = "communitycenter"
    latitude: float | None = None
    longitude: float | None = None
    address: str = ""
    locality: str = ""
    province: str = ""
    country: str = ""


def export_package(folder: Path, options: ExportOptions, *, as_json: bool = False) -> None:
    """Export a package and say what was written.

    Raises PackageError, VenueError, RegistryError or ExportError.
    """
    if options.format not in FORMATS:
        raise ExportError(f"no format {options.format!r}; choose one of {', '.join(FORMATS)}")
    target = options.output or _default_target(folder, options.format)
    with ModelPackage.open(folder) as package:
        venue = load_venue(options.venue) if options.venue else plain_venue(package.manifest.name)
        if options.format == "imdf":
            outcome = _export_imdf(package, venue, options, target)
        else:
            outcome = _export_rdf(package, venue, options, target)
    _tell({"output": str(target), "format": options.format, **outcome}, as_json=as_json)


def _default_target(folder: Path, kind: str) -> Path:
    """Beside the package, never in it: a package is as it was built."""
    stem = folder.resolve().name.removesuffix(".twin")
    return folder.resolve().parent / (f"{stem}.imdf.zip" if kind == "imdf" else f"{stem}.{kind}.ttl")


# IMDF


def _export_imdf(package: ModelPackage, venue: Venue, options: ExportOptions, target: Path) -> dict[str, Any]:
    earth = earth_of(package, _place_given(venue, options))
    archive = build_archive(package, earth, _facts(package, venue, options))
    files = imdf_files(archive, language_of(package), datetime.now(UTC))
    if target.suffix == ".zip":
        write_file(target, zipped(files))
    else:
        write_folder(target, files)
    counts = {kind: len(found) for kind, found in archive.features.items()}
    return {
        "coordinates": earth.crs,
        "placed_by": earth.how,
        "features": counts,
        "warnings": archive.warnings,
    }


def imdf_files(archive: Archive, language: str, created: datetime) -> dict[str, bytes]:
    """The files of an archive by name; a type without features has a file all the same."""
    described = features.manifest(created.isoformat(timespec="seconds"), language, f"venue-twin {_version()}")
    files = {"manifest.json": orjson.dumps(described, option=orjson.OPT_INDENT_2)}
    for kind, found in archive.features.items():
        files[f"{kind}.geojson"] = orjson.dumps(features.collection(found))
    return files


def earth_of(package: ModelPackage, fallback: tuple[float, float] | None = None) -> Earth:
    """Where a package lies on the Earth; see `twin.export.earth.locate`."""
    raw = package.manifest.raw
    local_from_source = np.array(raw.get("local_from_source") or np.eye(4), dtype=np.float64).reshape(4, 4)
    source_from_local = np.linalg.inv(local_from_source).astype(np.float64)
    return locate(raw.get("georeference"), source_from_local, _site_origin(package), fallback)


def _site_origin(package: ModelPackage) -> tuple[float, float]:
    """Local x and y of the first site's placement; the source's origin without one."""
    for site in package.find(ElementFilter(classes=("IfcSite",)), 1).items:
        placement = package.detail(site.guid).placement
        if placement is not None:
            return float(placement[0, 3]), float(placement[1, 3])
    numbers = package.manifest.raw.get("local_from_source") or [0.0] * 16
    return float(numbers[3]), float(numbers[7])


def _place_given(venue: Venue, options: ExportOptions) -> tuple[float, float] | None:
    """A latitude and longitude from the command line, else from the venue folder."""
    given = (options.latitude, options.longitude)
    if given[0] is not None and given[1] is not None:
        if not (-90 <= given[0] <= 90 and -180 <= given[1] <= 180):
            raise ExportError("--latitude is -90 to 90 and --longitude -180 to 180, in degrees")
        return given[0], given[1]
    if given != (None, None):
        raise ExportError("--latitude and --longitude go together")
    place = venue.info.location
    return (place.latitude, place.longitude) if place else None


def language_of(package: ModelPackage) -> str:
    """The language that most names are in: zh-CN where they are in Chinese characters, else en."""
    names = " ".join(space.long_name or space.name for space in package.spaces)
    return "zh-CN" if features.labels(names, "", "en") != {"en": names} and names else "en"


def _facts(package: ModelPackage, venue: Venue, options: ExportOptions) -> VenueFacts:
    name = venue.info.name
    return VenueFacts(
        name=name.zh or name.en,
        name_en=name.en if name.en != name.zh else "",
        category=options.category,
        language=language_of(package),
        hours=opening_hours(venue),
        address=_address(options),
    )


def _address(options: ExportOptions) -> Address | None:
    needed = {"--address": options.address, "--locality": options.locality, "--country": options.country}
    missing = [name for name, value in needed.items() if not value]
    if len(missing) == len(needed):
        return None
    if missing:
        raise ExportError(f"an address also needs {' and '.join(missing)}")
    return Address(options.address, options.locality, options.country, options.province or None)


def opening_hours(venue: Venue) -> str | None:
    """Opening hours in IMDF's and OpenStreetMap's notation: `Mo 08:00-22:00; Tu off`; None if unknown."""
    hours = venue.info.opening_hours
    if not hours:
        return None
    days = []
    for day in _WEEK:
        periods = ",".join(f"{start}-{end}" for start, end in hours.get(day, []))
        days.append(f"{day[:2].title()} {periods or 'off'}")
    return "; ".join(days)


# RDF


def _export_rdf(package: ModelPackage, venue: Venue, options: ExportOptions, target: Path) -> dict[str, Any]:
    if options.format == "bot":
        graph = topology(package, options.base)
    elif options.format == "brick":
        graph = operations(package, open_registry(venue, package), options.base)
    else:
        graph = everything(package, open_registry(venue, package), options.base)
    write_file(target, turtle(graph))
    return {"triples": len(graph), "warnings": ()}


def _version() -> str:
    try:
        return version("venue-twin")
    except PackageNotFoundError:
        return "0"


def _tell(outcome: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(outcome, ensure_ascii=False))
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    told = outcome.get("features") or {"triples": outcome.get("triples")}
    counts = ", ".join(f"{count:,} {kind}" for kind, count in told.items())
    console.print(f"{outcome['output']}: {counts}", markup=False)
    if "placed_by" in outcome:
        console.print(f"coordinates: {outcome['coordinates']}, by {outcome['placed_by']}", markup=False)
    for warning in outcome["warnings"]:
        console.print(f"warning: {warning}", style="yellow", markup=False)
