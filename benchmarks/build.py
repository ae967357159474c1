"""Building model packages, against ifcopenshell's bare geometry iterator.

    python -m benchmarks.build [--quick] [--runs N] [--palace FILE] [--ifc FOLDER]

For each file the whole pipeline (shapes, properties, index, plans, portals, compressed tiles) is measured
against what its user could do with ifcopenshell alone in one process, writing nothing: (a) the iterator with
the hybrid kernel, (b) with the default one. Every run is a process of its own; figures are medians. Memory is
that of a run's processes together, at its peak (proportional set sizes, so that shared pages count once).

Goal, where a file is over 20 MB: faster than (a), within 1.6 times its memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import finish, print_table

ROOT = Path(__file__).parents[1]
FILES = ("Office_A", "MiniProject", "revit2012_janesville_restaurant")
QUICK_FILES = ("Office_A", "revit2012_janesville_restaurant")
LARGE_BYTES = 20_000_000
MEMORY_GOAL = 1.6
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
WAYS = {
    "pipeline": (_PIPELINE, ""),
    "iterator_hybrid": (_ITERATOR, "hybrid-cgal-simple-opencascade"),
    "iterator_default": (_ITERATOR, "opencascade"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one way: wall and CPU time, s; peak memory, MB; what came out.

    `reported_failures` are elements without a drawable triangle that the way tells its user about.
    """

    seconds: float
    cpu_s: float
    peak_mb: float
    rendered_elements: int
    reported_failures: int
    triangles: int
    bytes: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and as the last line one JSON object."""
    options = _options(arguments)
    sources = _sources(options)
    if not sources:
        print("there is no IFC file to measure: give --ifc FOLDER or --palace FILE", file=sys.stderr)
        return 2
    measured = {source.stem: _measure(source, options) for source in sources}
    rows = [row for name, ways in measured.items() for row in _rows(name, ways)]
    headers = ("file", "way", "wall s", "CPU s", "peak MB", "elements", "triangles", "served bytes")
    print_table("building a model package", headers, rows)
    _finish(sources, measured)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.build", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--quick", action="store_true", help="one run, two files, without the slowest baseline"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each way; the median counts")
    parser.add_argument(
        "--palace", type=Path, default=ROOT / "var" / "palace.ifc", help="the demo venue's IFC"
    )
    parser.add_argument(
        "--ifc", type=Path, default=ROOT.parent / "shared" / "ifc", help="a folder of IFC files"
    )
    return parser.parse_args(arguments)


def _sources(options: argparse.Namespace) -> list[Path]:
    names = QUICK_FILES if options.quick else FILES
    found = [path for name in names if (path := options.ifc / f"{name}.ifc").exists()]
    if not options.quick or not found:
        found = [*_palace(options.palace), *found]
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


def _measure(source: Path, options: argparse.Namespace) -> dict[str, Run]:
    runs = 1 if options.quick else max(1, options.runs)
    skip = {"iterator_default"} if options.quick and source.stat().st_size > LARGE_BYTES else set()
    return {way: _median([_run(way, source) for _ in range(runs)]) for way in WAYS if way not in skip}


def _run(way: str, source: Path) -> Run:
    script, kernel = WAYS[way]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", script, str(source), str(Path(folder) / "package"), kernel]
        started, used = time.monotonic(), _children_cpu_s()
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own
            peak = 0
            while process.poll() is None:
                peak = max(peak, _tree_bytes(process.pid))
                time.sleep(SAMPLE_S)
            seconds = time.monotonic() - started
            output = process.stdout.read() if process.stdout else b""
    cpu_s = _children_cpu_s() - used
    if process.returncode != 0:
        raise SystemExit(f"{way} failed on {source}")
    told: dict[str, Any] = json.loads(output.splitlines()[-1])
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


def _rows(name: str, ways: dict[str, Run]) -> list[tuple[str, ...]]:
    return [
        (
            name,
            way,
            f"{run.seconds:.2f}",
            f"{run.cpu_s:.2f}",
            f"{run.peak_mb:.0f}",
            f"{run.rendered_elements:,}",
            f"{run.triangles:,}",
            f"{run.bytes:,}" if run.bytes else "-",
        )
        for way, run in ways.items()
    ]


def _finish(sources: Sequence[Path], measured: dict[str, dict[str, Run]]) -> None:
    ratios: dict[str, float] = {}
    met: dict[str, bool] = {}
    for source in sources:
        ways = measured[source.stem]
        ours, bare = ways["pipeline"], ways["iterator_hybrid"]
        ratios[f"{source.stem}.time"] = round(ours.seconds / bare.seconds, 3)
        ratios[f"{source.stem}.memory"] = round(ours.peak_mb / bare.peak_mb, 3)
        told = ours.rendered_elements + ours.reported_failures
        met[f"{source.stem}.elements"] = told >= bare.rendered_elements
        if source.stat().st_size > LARGE_BYTES:
            met[f"{source.stem}.time"] = ours.seconds < bare.seconds
            met[f"{source.stem}.memory"] = ours.peak_mb <= MEMORY_GOAL * bare.peak_mb
    finish(
        "build",
        {name: _plain(ways["pipeline"]) for name, ways in measured.items()},
        {name: {w: _plain(r) for w, r in ways.items() if w != "pipeline"} for name, ways in measured.items()},
        ratios,
        {
            "time": "< 1 on files over 20 MB",
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
