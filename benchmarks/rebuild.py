"""Building a new revision onto an older one: after one moved door, against a full build.

    python -m benchmarks.rebuild [--quick] [--runs N] [--palace FILE] [--ifc FOLDER]

In each file the placement of one door is moved by a quarter of its length unit; nothing else changes. A full
build, the rebuild of the edited file onto the package of the plain one, and a full build of the edited file
are compared: wall and CPU time of all processes, with opening (parsing the file) and hashing (taking its
fingerprints and checking the older package) measured apart; and what a viewer that has the old revision
loads anew. Every run is a process of its own; figures are medians.

Goal, where a file is over 10 MB: beyond opening and hashing, at most a tenth of a full build; the package is
the same, byte for byte; only tiles that changed are loaded.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ifcopenshell

from benchmarks.report import finish, print_table

ROOT = Path(__file__).parents[1]
FILES = ("revit2012_janesville_restaurant",)
LARGE_BYTES = 10_000_000
GOAL = 0.10
MOVED_UNITS = 0.25
_SPEAKS_OF_THE_BUILD = ("report.json", "manifest.json", "differences.json")

_USED = """
def used():
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)
"""
_BUILD = f"""
import json, resource, sys, time
from pathlib import Path
import bim_pipeline.making  # code is loaded before the clock starts, here and below
from bim_pipeline.build import build_package
{_USED}
cpu, wall = used(), time.perf_counter()
report = build_package(Path(sys.argv[1]), Path(sys.argv[2]))
print(json.dumps({{**report.to_json(), "wall_s": time.perf_counter() - wall, "cpu_s": used() - cpu}}))
"""
# What every rebuild has to do before it can know what changed, one after the other.
_LOOK = f"""
import json, resource, sys, time
from pathlib import Path
import bim_pipeline.making
from bim_pipeline.hashing import HashingJob
from bim_pipeline.opening import inspect_source, open_model
from bim_pipeline.previous import open_previous
from bim_pipeline.version import pipeline_version
{_USED}
cpu, wall = used(), time.perf_counter()
file = inspect_source(Path(sys.argv[1]))
package = Path(sys.argv[2])
job = HashingJob(file, open_previous(package, pipeline_version()))
model = open_model(file)
job.result()
job.end()
print(json.dumps({{"wall_s": time.perf_counter() - wall, "cpu_s": used() - cpu}}))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One file: medians, s, of a full build, of opening and hashing alone and of the rebuild; what moved."""

    megabytes: float
    full_wall_s: float
    full_cpu_s: float
    look_wall_s: float
    look_cpu_s: float
    rebuild_wall_s: float
    rebuild_cpu_s: float
    tiles: int
    changed_tiles: int
    bytes: int
    changed_bytes: int
    is_same: bool
    changes: str

    @property
    def wall_share(self) -> float:
        """What the rebuild takes beyond opening and hashing, as a share of a full build's time."""
        return max(0.0, self.rebuild_wall_s - self.look_wall_s) / self.full_wall_s

    @property
    def cpu_share(self) -> float:
        """The same of CPU time."""
        return max(0.0, self.rebuild_cpu_s - self.look_cpu_s) / self.full_cpu_s


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and as the last line one JSON object."""
    options = _options(arguments)
    sources = [path for path in _sources(options) if path.exists()]
    if not sources:
        print("there is no IFC file to measure: give --ifc FOLDER or --palace FILE", file=sys.stderr)
        return 2
    measured = {path.stem: _measure(path, options.runs) for path in sources}
    headers = (
        "file", "MB", "full s", "full CPU s", "open+hash s", "open+hash CPU s", "rebuild s", "rebuild CPU s",
        "beyond", "beyond CPU", "tiles changed", "kB changed", "same bytes", "changes",
    )  # fmt: skip
    print_table("a new revision after one moved door", headers, [_row(n, m) for n, m in measured.items()])
    _finish(measured)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rebuild", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way; the median counts")
    parser.add_argument(
        "--palace", type=Path, default=ROOT / "var" / "palace.ifc", help="the demo venue's IFC"
    )
    parser.add_argument(
        "--ifc", type=Path, default=ROOT.parent / "shared" / "ifc", help="a folder of IFC files"
    )
    options = parser.parse_args(arguments)
    options.runs = 1 if options.quick else options.runs
    return options


def _sources(options: argparse.Namespace) -> list[Path]:
    return [options.palace, *(options.ifc / f"{name}.ifc" for name in FILES)]


def with_moved_door(source: Path, target: Path) -> None:
    """Write a copy of an IFC file in which one door stands a quarter of the length unit further along x."""
    model = ifcopenshell.open(str(source))
    door = next(d for d in model.by_type("IfcDoor") if d.ObjectPlacement is not None and _is_alone(model, d))
    axes = door.ObjectPlacement.RelativePlacement
    x, *rest = axes.Location.Coordinates
    fresh = max(entity.id() for entity in model) + 1
    text = source.read_bytes().decode("latin-1")
    line = re.compile(rf"(#{axes.id()}\s*=\s*IFCAXIS2PLACEMENT3D\s*\(\s*)#{axes.Location.id()}\b")
    text, count = line.subn(rf"\g<1>#{fresh}", text)
    if count != 1:
        raise ValueError(f"{source} does not hold the door's placement once")
    point = ",".join(repr(value) for value in (x + MOVED_UNITS, *rest))
    end = text.rindex("ENDSEC;")
    text = f"{text[:end]}#{fresh}=IFCCARTESIANPOINT(({point}));\n{text[end:]}"
    target.write_bytes(text.encode("latin-1"))


def _is_alone(model: Any, door: Any) -> bool:
    """Say whether nothing else stands where a door stands."""
    users = [
        model.get_inverse(entity) for entity in (door.ObjectPlacement, door.ObjectPlacement.RelativePlacement)
    ]
    return all(len(found) == 1 for found in users)


def _measure(source: Path, runs: int) -> Measured:
    with tempfile.TemporaryDirectory(dir=source.parent if source.parent == ROOT / "var" else None) as name:
        folder = Path(name)
        edited = folder / source.name
        with_moved_door(source, edited)
        full = [_run(_BUILD, source, folder / f"full-{i}.twin") for i in range(runs)]
        rebuilt, looked = [], []
        for i in range(runs):
            shutil.copytree(folder / "full-0.twin", folder / f"next-{i}.twin")
            looked.append(_run(_LOOK, edited, folder / f"next-{i}.twin"))
            rebuilt.append(_run(_BUILD, edited, folder / f"next-{i}.twin"))
        _run(_BUILD, edited, folder / "anew.twin")
        return _compared(source, folder, full, looked, rebuilt)


def _run(code: str, source: Path, package: Path) -> dict[str, Any]:
    command = [sys.executable, "-c", code, str(source), str(package)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"{source} cannot be built")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _compared(
    source: Path,
    folder: Path,
    full: Sequence[dict[str, Any]],
    looked: Sequence[dict[str, Any]],
    rebuilt: Sequence[dict[str, Any]],
) -> Measured:
    def median(runs: Sequence[dict[str, Any]], what: str) -> float:
        return float(statistics.median(run[what] for run in runs))

    before, after = _tiles(folder / "full-0.twin"), _tiles(folder / "next-0.twin")
    fresh = after.keys() - before.keys()
    return Measured(
        megabytes=source.stat().st_size / 1e6,
        full_wall_s=median(full, "wall_s"),
        full_cpu_s=median(full, "cpu_s"),
        look_wall_s=median(looked, "wall_s"),
        look_cpu_s=median(looked, "cpu_s"),
        rebuild_wall_s=median(rebuilt, "wall_s"),
        rebuild_cpu_s=median(rebuilt, "cpu_s"),
        tiles=len(after),
        changed_tiles=len(fresh),
        bytes=sum(after.values()),
        changed_bytes=sum(after[name] for name in fresh),
        is_same=_contents(folder / "next-0.twin") == _contents(folder / "anew.twin"),
        changes=", ".join(f"{n} {kind}" for kind, n in (rebuilt[0]["changes"] or {}).items() if n),
    )


def _tiles(package: Path) -> dict[str, int]:
    """Give the bytes of each tile as it is served, by its address, which says what it holds."""
    return {path.name: path.stat().st_size for path in (package / "tiles").glob("*.br")}


def _contents(package: Path) -> dict[str, bytes]:
    return {
        path.relative_to(package).as_posix(): path.read_bytes()
        for path in package.rglob("*")
        if path.is_file() and path.name not in _SPEAKS_OF_THE_BUILD
    }


def _row(name: str, m: Measured) -> tuple[str, ...]:
    return (
        name, f"{m.megabytes:.1f}", f"{m.full_wall_s:.2f}", f"{m.full_cpu_s:.2f}", f"{m.look_wall_s:.2f}",
        f"{m.look_cpu_s:.2f}", f"{m.rebuild_wall_s:.2f}", f"{m.rebuild_cpu_s:.2f}", f"{m.wall_share:.1%}",
        f"{m.cpu_share:.1%}", f"{m.changed_tiles} of {m.tiles}",
        f"{m.changed_bytes / 1e3:.0f} of {m.bytes / 1e3:.0f}", "yes" if m.is_same else "no", m.changes,
    )  # fmt: skip


def _finish(measured: dict[str, Measured]) -> None:
    large = {name: m for name, m in measured.items() if m.megabytes * 1e6 > LARGE_BYTES}
    finish(
        "rebuild",
        {
            name: {
                "open_hash_s": m.look_wall_s,
                "rebuild_s": m.rebuild_wall_s,
                "rebuild_cpu_s": m.rebuild_cpu_s,
                "changed_tiles": m.changed_tiles,
                "changed_bytes": m.changed_bytes,
            }
            for name, m in measured.items()
        },
        {
            name: {"full_s": m.full_wall_s, "full_cpu_s": m.full_cpu_s, "tiles": m.tiles, "bytes": m.bytes}
            for name, m in measured.items()
        },
        {
            f"{name}_{what}": share
            for name, m in measured.items()
            for what, share in (("wall", m.wall_share), ("cpu", m.cpu_share))
        },
        {"share_of_a_full_build": GOAL, "same_bytes": True},
        {
            "share_of_a_full_build": all(m.wall_share <= GOAL for m in large.values()),
            "same_bytes": all(m.is_same for m in measured.values()),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
