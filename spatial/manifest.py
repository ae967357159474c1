"""Reading `manifest.json`: the one place that knows what a package must declare."""

from __future__ import annotations

import json
from typing import Any

from spatial.errors import WrongFormatError
from spatial.model import Box, Manifest

FORMAT = 1


def read_manifest(content: bytes, name: str) -> Manifest:
    """The manifest in some bytes; `name` is how errors call the file.

    Raises WrongFormatError for what is no JSON object, another format version or a missing entry.
    """
    try:
        raw = json.loads(content)
    except ValueError as error:
        raise WrongFormatError(f"{name} is no JSON; build the package again") from error
    if not isinstance(raw, dict):
        raise WrongFormatError(f"{name} is no model package's manifest; build the package again")
    if raw.get("format") != FORMAT:
        raise WrongFormatError(
            f"{name} has format {raw.get('format')!r}, this version reads {FORMAT}; build the package again"
        )
    try:
        counts = {str(key): int(value) for key, value in raw["counts"].items()}
        return Manifest(str(raw["name"]), str(raw["revision"]), _bounds(raw.get("bounds")), counts, raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WrongFormatError(f"{name} lacks an entry or has a wrong one ({error}); build again") from error


def _bounds(bounds: Any) -> Box | None:
    """The box of the whole model, None where nothing is drawn."""
    if not bounds or not bounds["min"]:
        return None
    low_x, low_y, low_z = map(float, bounds["min"])
    high_x, high_y, high_z = map(float, bounds["max"])
    return (low_x, low_y, low_z, high_x, high_y, high_z)
