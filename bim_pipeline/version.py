"""The pipeline's version: a package made by another one is built again."""

from __future__ import annotations

import hashlib
from importlib import resources

import ifcopenshell

FORMAT = 1
# What of `spatial` decides a package's bytes; its queries do not.
_SPATIAL_FILES = ("components.py", "index.py", "schema.sql", "text.py", "meshopt.py")


def pipeline_version() -> str:
    """Give a version that changes with the pipeline's own code and with ifcopenshell's version."""
    digest = hashlib.sha256(f"{FORMAT} {ifcopenshell.version}".encode())
    own = (f for f in resources.files("bim_pipeline").iterdir() if f.name.endswith(".py"))
    shared = (resources.files("spatial").joinpath(name) for name in _SPATIAL_FILES)
    for file in [*sorted(own, key=lambda f: f.name), *shared]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"{FORMAT}.{digest.hexdigest()[:12]}"


def revision(source_sha256: str, version: str) -> str:
    """Give a package's revision: 12 hex digits over its source and the pipeline that read it."""
    return hashlib.sha256(f"{source_sha256}{version}".encode()).hexdigest()[:12]
