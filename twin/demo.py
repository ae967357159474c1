"""Makes the demo venue: generates its IFC when the generator changed, builds its package when the IFC did."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import assets.palace
from assets.palace.errors import PalaceError
from twin.commands import run_twin
from twin.errors import DemoError
from twin.logs import configure_logs
from twin.packages import build_with_progress
from twin.progress import progress_bar
from twin.serving import bind_port
from twin.settings import Settings, load_settings

IFC_NAME = "palace.ifc"
PACKAGE_NAME = "palace.twin"
STAMP_NAME = "palace.json"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class DemoPaths:
    """Where the demo's files are kept."""

    ifc: Path
    package: Path
    stamp: Path
    venue: Path


def generator_folder() -> Path:
    """The folder of the model's generator."""
    return Path(assets.palace.__file__).parent


def demo_paths(var: Path | None) -> DemoPaths:
    """The demo's files below `var`; by default the repository's, without one the working folder's."""
    folder = generator_folder()
    root = folder.parents[1]
    base = var or (root if (root / "pyproject.toml").is_file() else Path.cwd()) / "var"
    return DemoPaths(base / IFC_NAME, base / PACKAGE_NAME, base / STAMP_NAME, folder / "venue")


def content_key(files: Iterable[Path], root: Path) -> str:
    """A hash over the names, below `root`, and the contents of some files."""
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def generator_key() -> str:
    """What the IFC depends on: the generator's code."""
    folder = generator_folder()
    return content_key(folder.rglob("*.py"), folder)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def is_generated(paths: DemoPaths, key: str) -> bool:
    """Whether the IFC on disk is what the present generator wrote, by content."""
    try:
        stamp: object = json.loads(paths.stamp.read_text("utf-8"))
        return stamp == {"generator": key, "ifc": file_sha256(paths.ifc)}
    except (OSError, ValueError):
        return False


def write_stamp(paths: DemoPaths, key: str) -> None:
    """Note which generator wrote which IFC."""
    stamp = {"generator": key, "ifc": file_sha256(paths.ifc)}
    paths.stamp.write_text(json.dumps(stamp, indent=1), "utf-8")


def generate_ifc(paths: DemoPaths) -> None:
    """Write the demo's IFC, whole or not at all. Raises DemoError."""
    try:
        with progress_bar("generating the demo venue") as show:
            assets.palace.generate(paths.ifc, show)
    except PalaceError as error:
        raise DemoError(f"the demo venue's model cannot be generated: {error}") from error


def ensure_ifc(paths: DemoPaths) -> bool:
    """Generate the IFC unless the one on disk is what the present generator wrote; whether it did."""
    key = generator_key()
    if is_generated(paths, key):
        return False
    generate_ifc(paths)
    write_stamp(paths, key)
    return True


def make_folder(folder: Path) -> None:
    """Make the demo's folder. Raises DemoError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DemoError(f"{folder} cannot be made ({reason}); give another folder with --var") from error


def serve_demo(options: Mapping[str, Any], *, var: Path | None, jobs: int | None) -> None:
    """Make what is missing of the demo venue, then serve it. Raises StartError and PipelineError."""
    paths = demo_paths(var)
    settings = demo_settings(options, paths.package, paths.venue)
    configure_logs(settings.log_format, settings.log_level)
    with bind_port(settings.host, settings.port) as bound:
        make_folder(paths.ifc.parent)
        ensure_ifc(paths)
        build_with_progress(paths.ifc, paths.package, jobs=jobs)
        run_twin(settings, bound)


def demo_settings(options: Mapping[str, Any], package: Path, venue: Path) -> Settings:
    """The demo's settings: its venue, simulated, with a broker of our own."""
    fixed = {
        "package": package,
        "venue": venue,
        "simulate": True,
        "embedded_broker": True,
        "demo_accounts": True,
    }
    return load_settings({**options, **fixed})
