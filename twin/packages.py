"""What the command line says of model packages: a build's progress and outcome, what a package holds."""

import json
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bim_pipeline.build import BuildReport, Progress, build_package
from spatial.model import Manifest
from spatial.package import ModelPackage
from spatial.quality import TITLES, QualityReport
from twin.progress import progress_bar

BYTES_A_MB = 1e6
SECONDS_A_MINUTE = 60
MOST_WARNINGS_SHOWN = 5
MOST_CLASSES_SHOWN = 12
MOST_FINDINGS_SHOWN = 10
MOST_GUIDS_SHOWN = 4


def build_with_progress(
    source: Path, target: Path, *, jobs: int | None = None, memory: float | None = None, force: bool = False
) -> BuildReport:
    """Build a package with a progress bar on stderr. Raises PipelineError."""
    with progress_bar(source.name) as show:

        def tell(step: Progress) -> None:
            show(step.fraction, progress_text(step))

        return build_package(source, target, jobs=jobs, memory=memory, force=force, progress=tell)


def progress_text(step: Progress) -> str:
    """The stage of a build and, where it can be guessed, the time that the rest of it takes."""
    if step.remaining_s is None:
        return step.stage
    seconds = max(1, round(step.remaining_s))
    left = f"{seconds} s" if seconds < SECONDS_A_MINUTE else f"{-(-seconds // SECONDS_A_MINUTE)} min"
    return f"{step.stage}, about {left} left"


def print_report(report: BuildReport, target: Path, *, as_json: bool) -> None:
    """The outcome of a build: one JSON object on stdout, or a few lines on stderr."""
    facts = report.to_json()
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold]{target}[/bold]: {_summary(facts)}", soft_wrap=True)
    for line in _change_lines(report):
        console.print(line, markup=False, soft_wrap=True)
    for warning in facts["warnings"][:MOST_WARNINGS_SHOWN]:
        console.print(f"warning: {_warning_text(warning)}", style="yellow", markup=False, soft_wrap=True)
    more = len(facts["warnings"]) - MOST_WARNINGS_SHOWN
    if more > 0:
        console.print(
            f"and {more} more warnings: twin inspect {target} --json", style="yellow", soft_wrap=True
        )


def _summary(facts: dict[str, Any]) -> str:
    return (
        f"{facts['elements']:,} elements, {facts['triangles']:,} triangles, {facts['tiles']} tiles, "
        f"{facts['bytes'] / BYTES_A_MB:.1f} MB, {facts['storeys']} storeys, {facts['spaces']} spaces; "
        f"{facts['seconds']['total']:.1f} s"
    )


def _change_lines(report: BuildReport) -> list[str]:
    """What the build says of the revision that it replaced."""
    lines = [report.note] if report.note else []
    if report.previous is not None and report.changes is not None:
        counted = ", ".join(f"{count:,} {kind}" for kind, count in report.changes.items())
        lines.append(f"against revision {report.previous}: {counted}")
    if any(report.reused.values()):
        lines.append(
            f"taken over: {report.reused['bodies']:,} of {report.rendered_elements:,} bodies, "
            f"{report.reused['tiles']:,} of {report.tiles:,} tiles"
        )
    return lines


def _warning_text(warning: Any) -> str:
    if not isinstance(warning, dict):
        return str(warning)
    return " ".join(str(part) for part in (warning.get("guid"), warning.get("message")) if part)


def inspect_package(folder: Path, *, as_json: bool) -> None:
    """What a package holds, on stdout. Raises PackageError."""
    with ModelPackage.open(folder) as package:
        facts = package_facts(package)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print_facts(facts)


def inspect_quality(folder: Path, *, as_json: bool) -> None:
    """What of a model its makers should mend, on stdout. Raises PackageError."""
    with ModelPackage.open(folder) as package:
        report, manifest = package.quality(), package.manifest
    if as_json:
        print(json.dumps(quality_facts(report, manifest), ensure_ascii=False))
    else:
        print("\n".join(quality_lines(report, manifest)))


def quality_facts(report: QualityReport, manifest: Manifest) -> dict[str, Any]:
    """A quality report as JSON: every finding, and the groups of rooms that hang together."""
    findings = [
        {"code": each.code, "message": each.message, "guids": list(each.guids)} for each in report.findings
    ]
    groups = [{"rooms": list(group.rooms), "exits": group.exits} for group in report.groups]
    return {
        "name": manifest.name,
        "revision": manifest.revision,
        "counts": report.counts,
        "findings": findings,
        "groups": groups,
    }


def quality_lines(report: QualityReport, manifest: Manifest) -> list[str]:
    """A quality report as text: what was found, what to do about it, the first of each kind with guids."""
    lines = [f"{manifest.name}, revision {manifest.revision}", *_ways(report), ""]
    if not report.findings:
        return [*lines, "Nothing to mend was found."]
    for code, findings in groupby(report.findings, key=lambda finding: finding.code):
        found = list(findings)
        title, advice = TITLES.get(code, (code.replace("_", " ").capitalize(), ""))
        lines.append(f"{title}: {len(found)}" + (f". To do: {advice}." if advice else ""))
        for each in found[:MOST_FINDINGS_SHOWN]:
            lines.append(f"  {each.message}")
            lines += [f"    {guid}" for guid in each.guids[:MOST_GUIDS_SHOWN]]
        if len(found) > MOST_FINDINGS_SHOWN:
            lines.append(f"  and {len(found) - MOST_FINDINGS_SHOWN} more: --json lists all")
        lines.append("")
    return lines[:-1]


def _ways(report: QualityReport) -> list[str]:
    """How the rooms hang together, in a line."""
    rooms = [len(group.rooms) for group in report.groups]
    if not rooms:
        return ["There are no rooms to walk between."]
    lone = sum(size == 1 for size in rooms[1:])
    parts = [f"{rooms[0]} of {sum(rooms)} rooms hang together"]
    if len(rooms) - 1 > lone:
        parts.append(f"groups of rooms apart from these: {len(rooms) - 1 - lone}")
    if lone:
        parts.append(f"rooms that stand alone: {lone}")
    exits = sum(group.exits for group in report.groups)
    return [f"{'; '.join(parts)}. Doors to the outside: {exits}."]


def package_facts(package: ModelPackage) -> dict[str, Any]:
    """The manifest, and besides it the elements by class and the storeys from the lowest up."""
    columns = package.columns
    by_class = Counter(columns.class_names[number] for number in columns.class_id.tolist())
    storeys = [
        {"guid": each.guid, "name": each.name, "elevation_m": each.elevation_m, "height_m": each.height_m}
        for each in package.storeys
    ]
    return {
        **package.manifest.raw,
        "folder": str(package.folder),
        "classes": dict(sorted(by_class.items(), key=lambda item: (-item[1], item[0]))),
        "storeys": storeys,
    }


def print_facts(facts: dict[str, Any]) -> None:
    """The facts of a package as a table."""
    source, counts = facts.get("source") or {}, facts["counts"]
    table = Table(title=facts["name"], show_header=False, title_justify="left")
    table.add_row("revision", facts["revision"])
    table.add_row("source", f"{source.get('file', '')} ({source.get('schema', '')})")
    for name, count in counts.items():
        table.add_row(name.replace("_", " "), f"{count:,}")
    for storey in reversed(facts["storeys"]):
        table.add_row(f"storey {storey['name']}", f"{storey['elevation_m']:+.2f} m")
    for name, count in list(facts["classes"].items())[:MOST_CLASSES_SHOWN]:
        table.add_row(name, f"{count:,}")
    table.add_row("warnings", str(len(facts.get("warnings") or ())))
    Console().print(table)
