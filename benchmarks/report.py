"""What every benchmark prints: a table for people, then one JSON object as the last line for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

PIPE_WIDTH = 160


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers are the caller's to format."""
    table = Table(*headers, title=title, title_justify="left")
    for row in rows:
        table.add_row(*[str(cell) for cell in row])
    console = Console()
    # A file or a pipe has no width of its own: columns are not to be cut there.
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(table)


def finish(
    name: str,
    figures: Mapping[str, Any],
    baselines: Mapping[str, Any],
    ratios: Mapping[str, float],
    goals: Mapping[str, Any],
    met: Mapping[str, bool],
) -> None:
    """Print the last line, one JSON object: what was measured, against what, and which goals were met."""
    line = {
        "name": name,
        "figures": dict(figures),
        "baselines": dict(baselines),
        "ratios": dict(ratios),
        "goals": dict(goals),
        "met": dict(met),
    }
    print(json.dumps(line, ensure_ascii=False))
