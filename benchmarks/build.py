"""Building model packages, against the other ways from IFC to a scene.

    python -m benchmarks.build [--quick] [--all] [--runs N] [--palace FILE] [--ifc FOLDER]

For each file the whole pipeline (shapes, properties, index, plans, portals, compressed tiles) is measured
against (a) ifcopenshell's bare iterator with the hybrid kernel, one process, nothing written: its user's own
best; (b) the same with the default kernel; (c) its glTF serializer; (d) py3dtiles; (e) ThatOpen's fragments
importer; (f) xeokit-convert; (g) web-ifc's bare geometry pass. Peers are installed from PyPI and npm, pinned,
into `var/peers`. Every run is a process of its own; figures are medians. Memory is that of a run's processes
together, at its peak (proportional set sizes, so that shared pages count once).

`--quick` takes two files and the fast ways, once, with what is installed; `--all` also Janesville five times
side by side (137 MB, made for the run) and the ways that take minutes on large files.

Goals, where a file is over 20 MB: faster than (a) and (e), at most twice (g), within 1.6 times (a)'s memory;
30 times faster than (f). On every file: no element lost without a word.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.copies import write_copies
from benchmarks.peers import Way, counted, prepare
from benchmarks.report import finish, print_table

ROOT = Path(__file__).parents[1]
FILES = ("Office_A", "MiniProject", "revit2012_janesville_restaurant")
QUICK_FILES = ("Office_A", "revit2012_janesville_restaurant")
LARGE = "revit2012_janesville_restaurant"
COPIES = 5
COPY_DISTANCE = 400.0  # in the file's feet: beside each other, not touching
LARGE_BYTES = 20_000_000
MEMORY_GOAL = 1.6
TIME_GOALS = {"iterator_hybrid": 1.0, "fragments": 1.0, "xeokit": 1 / 30, "web_ifc_raw": 2.0}
RUN_LIMIT_S = 1800
SAMPLE_S = 0.05

_PIPELINE = """
import json, sys
from pathlib import Path
from bim_pipeline.build import build_package
print(json.dumps(build_package(Path(sys.argv[1]), Path(sys.argv[2]), force=True).to_json()))
"""
_ITERATOR = """
import json, sys
import ifcopenshell, ifcopenshell.geom
file = ifcopenshell.open(sys.argv[1])
settings = ifcopenshell.geom.settings()
elements = triangles = 0
for shape in ifcopenshell.geom.iterator(settings, file, 1, geometry_library=sys.argv[3]):
    if shape.type != "IfcOpeningElement":
        elements += 1
        triangles += len(shape.geometry.faces_buffer) // 12
print(json.dumps({"rendered_elements": elements, "triangles": triangles, "bytes": 0}))
"""
_SERIALIZER = """
import json, struct, sys
import ifcopenshell, ifcopenshell.geom
file = ifcopenshell.open(sys.argv[1])
settings = ifcopenshell.geom.settings()
target = sys.argv[2] + ".glb"
serializer = ifcopenshell.geom.serializers.gltf(target, settings)
serializer.setFile(file)
serializer.writeHeader()
for shape in ifcopenshell.geom.iterator(settings, file, 1, geometry_library=sys.argv[3]):
    if shape.type != "IfcOpeningElement":
        serializer.write(shape)
serializer.finalize()
del serializer
content = open(target, "rb").read()
gltf = json.loads(content[20:20 + struct.unpack_from("<I", content, 12)[0]])
elements = triangles = 0
for node in gltf["nodes"]:
    if "mesh" in node:
        elements += 1
        for primitive in gltf["meshes"][node["mesh"]]["primitives"]:
            triangles += gltf["accessors"][primitive["indices"]]["count"] // 3
print(json.dumps({"rendered_elements": elements, "triangles": triangles, "bytes": len(content)}))
"""
HYBRID = "hybrid-cgal-simple-opencascade"


def _own(name: str, script: str, kernel: str, keeps: str) -> Way:
    return Way(name, (sys.executable, "-c", script, "{source}", "{target}", kernel), keeps)


OWN_WAYS = (
    _own("pipeline", _PIPELINE, "", "tiles with levels, properties, search, index, rooms, portals, plans"),
    _own("iterator_hybrid", _ITERATOR, HYBRID, "nothing is written"),
    _own("iterator_default", _ITERATOR, "opencascade", "nothing is written"),
    _own("gltf_serializer", _SERIALIZER, HYBRID, "one file: shapes and names, no levels"),
)
QUICK_WAYS = ("pipeline", "iterator_hybrid", "fragments", "web_ifc_raw")
SLOW_WAYS = ("iterator_default", "xeokit", "py3dtiles")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one way: wall and CPU time, s; peak memory, MB; what came out (triangles 0: not told).

    `reported_failures` are elements without a drawable triangle that the way tells its user about.
    """

    seconds: float
    cpu_s: float
    peak_mb: float
    rendered_elements: int
    reported_failures: int
    triangles: int
    bytes: int


class RunFailedError(Exception):
    """A way did not come to its end; the text says why, in one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print tables, and as the last line one JSON object."""
    options = _options(arguments)
    ways, missing = prepare(options.peers, install=not options.quick)
    with tempfile.TemporaryDirectory() as folder:
        sources = _sources(options, Path(folder))
        if not sources:
            print("there is no IFC file to measure: give --ifc FOLDER or --palace FILE", file=sys.stderr)
            return 2
        measured = {source.stem: _measure(source, [*OWN_WAYS, *ways], options, missing) for source in sources}
        rows = [row for name, runs in measured.items() for row in _rows(name, runs)]
        headers = ("file", "way", "wall s", "CPU s", "peak MB", "elements", "triangles", "bytes")
        print_table("building a model package", headers, rows)
        kept = [row for name, runs in measured.items() for row in _kept(name, runs, [*OWN_WAYS, *ways])]
        print_table(
            "what is kept", ("file", "way", "drawn", "missing without a word", "what is written"), kept
        )
        if missing:
            print_table("not measured", ("way", "reason"), sorted(missing.items()))
        _finish(sources, measured, missing)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.build", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--quick", action="store_true", help="one run, two files, the fast ways that are installed"
    )
    parser.add_argument("--all", action="store_true", help="also 137 MB, and what takes minutes")
    parser.add_argument(
        "--peers", type=Path, default=ROOT / "var" / "peers", help="where peers are installed"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each way; the median counts")
    parser.add_argument(
        "--palace", type=Path, default=ROOT / "var" / "palace.ifc", help="the demo venue's IFC"
    )
    parser.add_argument(
        "--ifc", type=Path, default=ROOT.parent / "shared" / "ifc", help="a folder of IFC files"
    )
    return parser.parse_args(arguments)


def _sources(options: argparse.Namespace, folder: Path) -> list[Path]:
    names = QUICK_FILES if options.quick else FILES
    found = [path for name in names if (path := options.ifc / f"{name}.ifc").exists()]
    if not options.quick or not found:
        found = [*_palace(options.palace), *found]
    large = options.ifc / f"{LARGE}.ifc"
    if options.all and large.exists():
        found.append(folder / f"{LARGE}_x{COPIES}.ifc")
        write_copies(large, found[-1], COPIES, apart=COPY_DISTANCE)
    return found


def _palace(path: Path) -> list[Path]:
    """Give the demo venue's IFC, generated where it is not there yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "assets.palace", "-o", str(path)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own program
        if done.returncode != 0:
            print("the demo venue could not be generated and is left out", file=sys.stderr)
            return []
    return [path]


def _measure(
    source: Path, ways: Sequence[Way], options: argparse.Namespace, missing: dict[str, str]
) -> dict[str, Run]:
    """Measure a file by each way, in turns, so that all of them see the same load of the machine."""
    runs = 1 if options.quick else max(1, options.runs)
    is_large = source.stat().st_size > LARGE_BYTES
    chosen = [way for way in ways if not options.quick or way.name in QUICK_WAYS]
    for way in [way for way in chosen if is_large and not options.all and way.name in SLOW_WAYS]:
        chosen.remove(way)
        missing[f"{way.name} on {source.stem}"] = "takes minutes: --all"
    found: dict[str, list[Run]] = {}
    for _ in range(runs):
        for way in [way for way in chosen if f"{way.name} on {source.stem}" not in missing]:
            try:
                found.setdefault(way.name, []).append(_run(way, source))
            except RunFailedError as error:
                missing[f"{way.name} on {source.stem}"] = str(error)
    if not {"pipeline", "iterator_hybrid"} <= found.keys():
        raise SystemExit(f"{source} cannot be measured: {missing}")
    return {name: _median(of_way) for name, of_way in found.items()}


def _run(way: Way, source: Path) -> Run:
    """Run a way in a process of its own. Raises RunFailedError."""
    with tempfile.TemporaryDirectory() as folder:
        target, log = Path(folder) / "target", Path(folder) / "log"
        started, used = time.monotonic(), _children_cpu_s()
        peak = 0
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                way.filled(source, target), cwd=ROOT, stdout=output, stderr=subprocess.DEVNULL
            )
            while process.poll() is None:
                peak = max(peak, _tree_bytes(process.pid))
                if time.monotonic() - started > RUN_LIMIT_S:
                    process.kill()
                time.sleep(SAMPLE_S)
        seconds, cpu_s = time.monotonic() - started, _children_cpu_s() - used
        if process.returncode != 0:
            raise RunFailedError(f"ended with {process.returncode} after {seconds:.0f} s")
        try:
            told: Mapping[str, Any] = counted(way, log.read_text("utf-8", "replace"), target)
        except (ValueError, IndexError, KeyError) as error:
            raise RunFailedError(f"its output cannot be read: {error}") from error
    failed = sum(w["code"] == "shape_failed" for w in told.get("warnings", ()))
    return Run(
        seconds=seconds,
        cpu_s=cpu_s,
        peak_mb=peak / 1e6,
        rendered_elements=told["rendered_elements"],
        reported_failures=failed,
        triangles=told["triangles"],
        bytes=told["bytes"],
    )


def _children_cpu_s() -> float:
    """Give the CPU time of all ended children and theirs, s."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _tree_bytes(pid: int) -> int:
    """Give the memory of a process and all below it, bytes; a page that several share counts once."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
        own = next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]
    except (OSError, StopIteration):
        return 0
    return own + sum(_tree_bytes(child) for child in children)


def _median(runs: Sequence[Run]) -> Run:
    return Run(
        seconds=statistics.median(run.seconds for run in runs),
        cpu_s=statistics.median(run.cpu_s for run in runs),
        peak_mb=statistics.median(run.peak_mb for run in runs),
        rendered_elements=runs[0].rendered_elements,
        reported_failures=runs[0].reported_failures,
        triangles=runs[0].triangles,
        bytes=runs[0].bytes,
    )


def _rows(name: str, ways: Mapping[str, Run]) -> list[tuple[str, ...]]:
    return [
        (
            name,
            way,
            f"{run.seconds:.2f}",
            f"{run.cpu_s:.2f}",
            f"{run.peak_mb:.0f}",
            f"{run.rendered_elements:,}",
            f"{run.triangles:,}" if run.triangles else "-",
            f"{run.bytes:,}" if run.bytes else "-",
        )
        for way, run in ways.items()
    ]


def _kept(name: str, runs: Mapping[str, Run], ways: Sequence[Way]) -> list[tuple[str, ...]]:
    """What each way keeps of a file, against the most that any of them drew."""
    most = max(run.rendered_elements + run.reported_failures for run in runs.values())
    keeps = {way.name: way.keeps for way in ways}
    return [
        (
            name,
            way,
            f"{run.rendered_elements:,}",
            f"{most - run.rendered_elements - run.reported_failures:,}",
            keeps[way],
        )
        for way, run in runs.items()
    ]


def _finish(
    sources: Sequence[Path], measured: Mapping[str, Mapping[str, Run]], missing: Mapping[str, str]
) -> None:
    ratios: dict[str, float] = {}
    met: dict[str, bool] = {}
    for source in sources:
        ways = measured[source.stem]
        ours, bare = ways["pipeline"], ways["iterator_hybrid"]
        for way, run in ways.items():
            if way != "pipeline":
                ratios[f"{source.stem}.time.{way}"] = round(ours.seconds / run.seconds, 3)
        ratios[f"{source.stem}.memory"] = round(ours.peak_mb / bare.peak_mb, 3)
        told = ours.rendered_elements + ours.reported_failures
        met[f"{source.stem}.elements"] = told >= bare.rendered_elements
        if source.stat().st_size > LARGE_BYTES:
            for way, most in TIME_GOALS.items():
                if way in ways:
                    met[f"{source.stem}.time.{way}"] = ours.seconds <= most * ways[way].seconds
            met[f"{source.stem}.memory"] = ours.peak_mb <= MEMORY_GOAL * bare.peak_mb
    finish(
        "build",
        {name: _plain(ways["pipeline"]) for name, ways in measured.items()},
        {
            **{n: {w: _plain(r) for w, r in ways.items() if w != "pipeline"} for n, ways in measured.items()},
            "not_measured": dict(missing),
        },
        ratios,
        {
            "time": {f"{way}, files over 20 MB": f"<= {most:.3g}" for way, most in TIME_GOALS.items()},
            "memory": f"<= {MEMORY_GOAL} on files over 20 MB",
            "elements": "none lost silently",
        },
        met,
    )


def _plain(run: Run) -> dict[str, float | int]:
    return {
        "seconds": round(run.seconds, 3),
        "cpu_s": round(run.cpu_s, 3),
        "peak_mb": round(run.peak_mb, 1),
        "rendered_elements": run.rendered_elements,
        "reported_failures": run.reported_failures,
        "triangles": run.triangles,
        "bytes": run.bytes,
    }


if __name__ == "__main__":
    raise SystemExit(main())
