"""Makes the demo venue: generates its IFC when the generator changed, builds its package when the IFC did."""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

import assets.palace
from assets.palace.errors import PalaceError
from telemetry_bridge.adapter_file import FILE, load_adapter_file
from telemetry_bridge.adapter_file_webhook import WebhookSettings
from telemetry_bridge.whole_file import replace_file
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
SECRETS_NAME = "palace.env"
SECRET_BYTES = 24
CHUNK_BYTES = 1 << 20
LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DemoPaths:
    """Where the demo's files are kept."""

    ifc: Path
    package: Path
    stamp: Path
    venue: Path
    secrets: Path


def generator_folder() -> Path:
    """The folder of the model's generator."""
    return Path(assets.palace.__file__).parent


def demo_paths(var: Path | None) -> DemoPaths:
    """The demo's files below `var`; by default the repository's, without one the working folder's."""
    folder = generator_folder()
    root = folder.parents[1]
    base = var or (root if (root / "pyproject.toml").is_file() else Path.cwd()) / "var"
    return DemoPaths(
        ifc=base / IFC_NAME,
        package=base / PACKAGE_NAME,
        stamp=base / STAMP_NAME,
        venue=folder / "venue",
        secrets=base / SECRETS_NAME,
    )


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


def secret_names(venue: Path) -> list[str]:
    """Where in the environment a venue's webhooks look for their secrets. Raises AdapterFileError."""
    lines = (entry.settings for entry in load_adapter_file(venue / FILE).entries)
    return [line.secret_env for line in lines if isinstance(line, WebhookSettings)]


def kept_secrets(path: Path) -> dict[str, str]:
    """The secrets of a file of `NAME=value` lines; none where there is no such file. Raises DemoError."""
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise DemoError(f"{path} cannot be read ({error}); delete it, and the demo makes another") from error
    pairs = (line.partition("=") for line in lines if not line.startswith("#"))
    return {name: value for name, _, value in pairs if name and value}


def ensure_secrets(paths: DemoPaths, environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets of the demo's webhooks that `environment` lacks, made once and kept for whoever sends.

    Raises DemoError.
    """
    kept = kept_secrets(paths.secrets)
    wanted = [name for name in secret_names(paths.venue) if not environment.get(name)]
    made = {name: new_secret() for name in wanted if name not in kept}
    if made:
        write_secrets(paths.secrets, kept | made)
        LOG.info("the demo's webhooks have their secrets", file=str(paths.secrets))
    return {name: (kept | made)[name] for name in wanted}


def new_secret() -> str:
    """A secret as Standard Webhooks writes one."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def write_secrets(path: Path, values: Mapping[str, str]) -> None:
    """Keep secrets where only this user reads them. Raises DemoError."""
    lines = ["# Secrets of the demo's webhooks; see docs/adapters.md", *map("=".join, values.items())]
    try:
        replace_file(path, ("\n".join(lines) + "\n").encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise DemoError(f"{path} cannot be written ({reason}); give another folder with --var") from error


def serve_demo(options: Mapping[str, Any], *, var: Path | None, jobs: int | None) -> None:
    """Make what is missing of the demo venue, then serve it. Raises StartError and PipelineError."""
    paths = demo_paths(var)
    settings = demo_settings(options, paths.package, paths.venue)
    configure_logs(settings.log_format, settings.log_level)
    with bind_port(settings.host, settings.port) as bound:
        make_folder(paths.ifc.parent)
        os.environ.update(ensure_secrets(paths, os.environ))  # where lines look for them
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
