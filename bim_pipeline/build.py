"""From an IFC file to a model package: whether there is anything to do, and then `making`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bim_pipeline.budget import Budget
from bim_pipeline.hashing import HashingJob
from bim_pipeline.opening import SourceFile, inspect_source
from bim_pipeline.package import check_target, is_intact, read_manifest, read_report
from bim_pipeline.previous import open_previous
from bim_pipeline.report import BuildReport, Progress, ProgressTeller
from bim_pipeline.version import pipeline_version, revision

__all__ = ["BuildReport", "Progress", "build_package"]


def build_package(
    source: Path,
    target: Path,
    *,
    jobs: int | None = None,
    memory: float | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> BuildReport:
    """Build the package of an IFC file in the folder `target`; one that is up to date is kept as it is.

    Of an older revision in the folder, what did not change is taken over; the package is the same as if it
    had not been there, but for `differences.json`, which says what changed. `jobs` is the number of
    processes, by default the machine's cores, `memory` the bytes that they may take together (`budget`); the
    package depends on neither. `force` builds everything in any case. Raises
    `bim_pipeline.errors.PipelineError`, with one line for the user; the folder then
    holds what it held before.
    """
    teller = ProgressTeller(progress)
    file = inspect_source(source)
    version = pipeline_version()
    if not force:
        kept = _up_to_date(target, file, version)
        if kept is not None:
            return kept
    check_target(target)
    previous = open_previous(target, version)
    if previous is not None and force:
        previous = previous.without_cache(None)
    hashing = HashingJob(file, previous)
    try:
        # All that a build needs is loaded while the file is being hashed.
        from bim_pipeline.making import Build  # noqa: PLC0415

        jobs = max(1, jobs or os.cpu_count() or 1)
        return Build(file, version, jobs, teller, previous, hashing, Budget.of(memory)).run(target)
    finally:
        hashing.end()


def _up_to_date(target: Path, file: SourceFile, version: str) -> BuildReport | None:
    """Give the report of the package in `target` if the same build would make the same files again."""
    manifest, report = read_manifest(target), read_report(target)
    if manifest is None or report is None or manifest.get("revision") != revision(file.sha256, version):
        return None
    digests = manifest.get("files")
    if not isinstance(digests, dict) or not is_intact(target, digests):
        return None
    try:
        return BuildReport.from_json(report)
    except (KeyError, TypeError):
        return None
