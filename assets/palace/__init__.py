"""The demo venue: a workers' cultural palace, its model generator and its staff's data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

__all__ = ["generate"]


def generate(path: Path, progress: Callable[[float, str], None] | None = None) -> None:
    """Write the palace's IFC4 model to `path`; the same bytes each time.

    `progress` is told the share done (0..1) and what is being made. The file appears whole or not at all.
    Raises OSError where the folder cannot be written, PalaceError where the programme contradicts itself.
    """
    # Imported late: reading the layout alone must not load ifcopenshell.
    from assets.palace.generator import write_model  # noqa: PLC0415

    write_model(path, progress or (lambda _done, _what: None))
