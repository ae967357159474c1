"""The pipeline's version: a package made by another one is built again."""

from __future__ import annotations

import hashlib
from importlib import resources

import ifcopenshell

FORMAT = 1
_PACKAGES = ("bim_pipeline", "spatial")


def pipeline_version() -> str:
    """Give a version that changes with the pipeline's own code and with ifcopenshell's version."""
    digest = hashlib.sha256(f"{FORMAT} {ifcopenshell.version}".encode())
    for package in _PACKAGES:
        files = (f for f in resources.files(package).iterdir() if f.name.endswith((".py", ".sql")))
        for file in sorted(files, key=lambda f: f.name):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"{FORMAT}.{digest.hexdigest()[:12]}"


def revision(source_sha256: str, version: str) -> str:
    """Give a package's revision: 12 hex digits over its source and the pipeline that read it."""
    return hashlib.sha256(f"{source_sha256}{version}".encode()).hexdigest()[:12]
