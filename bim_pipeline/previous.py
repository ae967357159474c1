"""The package that a build replaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from bim_pipeline.cache import CACHE, Cache
from bim_pipeline.package import read_manifest
from bim_pipeline.source import FloatArray

FOREIGN = "the package was made by another version of the pipeline: everything is built anew"
DAMAGED = "the package was changed or damaged: everything is built anew"
UNKNOWN = "the package keeps nothing to build on: everything is built anew"


@dataclass(frozen=True, slots=True, eq=False)
class Previous:
    """What a build replaces; where nothing of it can be reused, `cache` is None and `note` says why."""

    folder: Path
    manifest: Mapping[str, Any]
    cache: Cache | None
    note: str | None

    @property
    def digests(self) -> Mapping[str, str]:
        """SHA-256 of the package's files, as its manifest has them."""
        found = self.manifest.get("files")
        return found if isinstance(found, dict) else {}

    @property
    def revision(self) -> str:
        """The package's revision."""
        return str(self.manifest.get("revision", ""))

    @property
    def source_file(self) -> str:
        """The name of the IFC file that the package was made of."""
        return str(_dict(self.manifest.get("source")).get("file", ""))

    @property
    def source_sha256(self) -> str:
        """The SHA-256 of that file."""
        return str(_dict(self.manifest.get("source")).get("sha256", ""))

    @property
    def local_from_source(self) -> FloatArray:
        """The package's frame, (4, 4)."""
        numbers = self.manifest.get("local_from_source")
        known = isinstance(numbers, list) and len(numbers) == 16
        return np.array(numbers, dtype=np.float64).reshape(4, 4) if known else np.eye(4)

    def shape_names(self) -> Mapping[str, str] | None:
        """Give the shape of each drawn element by guid; None where it is not known."""
        content = self.cache.get("names") if self.cache is not None else None
        return orjson.loads(content) if content else None

    def without_cache(self, note: str | None) -> Previous:
        """Give the package as one of which nothing is taken over."""
        return replace(self, cache=None, note=note)


def open_previous(target: Path, version: str) -> Previous | None:
    """Look at the package in a folder; None where there is none."""
    manifest = read_manifest(target)
    if manifest is None:
        return None
    if manifest.get("pipeline") != version:
        return Previous(target, manifest, None, FOREIGN)
    cache = Cache.read(target / CACHE, version)
    return Previous(target, manifest, cache, UNKNOWN if cache is None else None)


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
