"""Other converters of IFC, installed from their registries at pinned versions, in a folder of their own."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).with_name("scripts")
INSTALL_LIMIT_S = 600
NODE_PACKAGES = {
    "thatopen": ("@thatopen/fragments@3.4.7", "web-ifc@0.0.77", "three@0.182.0"),
    "xeokit": ("@xeokit/xeokit-convert@1.3.2",),
}
PY3DTILES = "py3dtiles[ifc]==12.1.1"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to go: `command` has the marks {source} and {target}; `keeps` says what its output holds.

    `counts` says how drawn elements are counted: `told` (the last line of its output is JSON), `tiles` or
    `log`.
    """

    name: str
    command: tuple[str, ...]
    keeps: str
    counts: str = "told"

    def filled(self, source: Path, target: Path) -> list[str]:
        """Give the command for one file."""
        marks = {"{source}": str(source), "{target}": str(target)}
        return [marks.get(part, part) for part in self.command]


def prepare(folder: Path, *, install: bool) -> tuple[list[Way], dict[str, str]]:
    """Give the peers that can run, and for each other one the reason why it cannot.

    With `install` what is missing is fetched from npm and PyPI into `folder`.
    """
    found: list[Way] = []
    missing: dict[str, str] = {}
    for name, (ways, command, proof) in _peers(folder).items():
        reason = _install(folder / name, command, proof, install)
        if reason is None:
            found += ways
        else:
            missing.update((way.name, reason) for way in ways)
    return found, missing


def _peers(folder: Path) -> dict[str, tuple[list[Way], Sequence[Sequence[str]], Path]]:
    """By folder: what can be run there, the commands that install it, and a file that is there then."""
    node, xeokit, python = folder / "thatopen", folder / "xeokit", folder / "py3dtiles"
    npm = ["npm", "install", "--no-fund", "--no-audit", "--silent", "--prefix"]
    pip = [str(python / "bin" / "python"), "-m", "pip", "install", "--quiet", PY3DTILES]
    converter = xeokit / "node_modules" / "@xeokit" / "xeokit-convert" / "convert2xkt.js"
    fragments = ("node", str(node / "fragments.mjs"), "{source}", "{target}")
    return {
        "thatopen": (
            [
                Way("fragments", fragments, "one file: shapes and properties, no levels"),
                Way(
                    "web_ifc_raw",
                    ("node", str(node / "web_ifc.mjs"), "{source}"),
                    "nothing is written; spaces are left out",
                ),
            ],
            [[*npm, str(node), *NODE_PACKAGES["thatopen"]]],
            node / "node_modules" / "@thatopen" / "fragments" / "package.json",
        ),
        "xeokit": (
            [
                Way(
                    "xeokit",
                    ("node", str(converter), "-s", "{source}", "-o", "{target}", "-l"),
                    "one file: shapes and properties, no levels",
                    "log",
                )
            ],
            [[*npm, str(xeokit), *NODE_PACKAGES["xeokit"]]],
            converter,
        ),
        "py3dtiles": (
            [
                Way(
                    "py3dtiles",
                    (
                        str(python / "bin" / "py3dtiles"),
                        "convert",
                        "--overwrite",
                        "--out",
                        "{target}",
                        "{source}",
                    ),
                    "3D Tiles 1.0: shapes in tiles, without ids or properties",
                    "tiles",
                )
            ],
            [[sys.executable, "-m", "venv", str(python)], pip],
            python / "bin" / "py3dtiles",
        ),
    }


def _install(place: Path, commands: Sequence[Sequence[str]], proof: Path, install: bool) -> str | None:
    """Install a peer where it is not yet; gives the reason where it cannot be had."""
    if not proof.exists() and not install:
        return "not installed: run once without --quick"
    if not proof.exists():
        place.mkdir(parents=True, exist_ok=True)
        for command in commands:
            if shutil.which(command[0]) is None:
                return f"{command[0]} is not installed"
            try:
                done = subprocess.run(  # noqa: S603 - our own pinned commands
                    command, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False
                )
            except subprocess.TimeoutExpired:
                return f"installing took longer than {INSTALL_LIMIT_S} s"
            if done.returncode != 0:
                return f"cannot be installed: {_last_line(done.stderr) or _last_line(done.stdout)}"
    if place.name == "thatopen":
        for script in SCRIPTS.glob("*.mjs"):
            shutil.copy(script, place / script.name)
    return None


def counted(way: Way, output: str, target: Path) -> Mapping[str, int]:
    """Read off what a run made: `rendered_elements`, `triangles` (0: not told), `bytes` written."""
    if way.counts == "told":
        told: dict[str, int] = json.loads(output.splitlines()[-1])
        return told
    size = sum(path.stat().st_size for path in _files(target))
    if way.counts == "log":
        return {
            "rendered_elements": _logged(output, "drawable objects"),
            "triangles": _logged(output, "triangles"),
            "bytes": size,
        }
    drawn = [b3dm_counts(path.read_bytes()) for path in _files(target) if path.suffix == ".b3dm"]
    return {
        "rendered_elements": sum(elements for elements, _ in drawn),
        "triangles": sum(triangles for _, triangles in drawn),
        "bytes": size,
    }


def b3dm_counts(tile: bytes) -> tuple[int, int]:
    """Count the elements (nodes with a mesh) and triangles of a Batched 3D Model (3D Tiles 1.0, b3dm).

    Raises ValueError where it is none.
    """
    magic, _, _, *tables = struct.unpack_from("<4s6I", tile)
    if magic != b"b3dm":
        raise ValueError("not a b3dm tile")
    glb = tile[28 + sum(tables) :]
    gltf = json.loads(glb[20 : 20 + struct.unpack_from("<I", glb, 12)[0]])
    meshes = [gltf["meshes"][node["mesh"]] for node in gltf["nodes"] if "mesh" in node]
    accessors = [p["indices"] for mesh in meshes for p in mesh["primitives"]]
    return len(meshes), sum(gltf["accessors"][index]["count"] // 3 for index in accessors)


def _files(target: Path) -> list[Path]:
    return [target] if target.is_file() else sorted(p for p in target.rglob("*") if p.is_file())


def _logged(output: str, what: str) -> int:
    """Read a figure out of xeokit-convert's log, such as `Converted triangles: 9687`."""
    lines = [line for line in output.splitlines() if f"Converted {what}:" in line]
    return int(lines[-1].rpartition(":")[2]) if lines else 0


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""
