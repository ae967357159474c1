"""How much memory a build may take, and how many processes fit into it.

A forked process shares the model with the one that read it, but may come to own most of what it touches: it
counts as a whole model.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 8_000_000_000
_SHARE_OF_FREE = 0.9
# What hashing takes at most, for a byte of the source.
_HASHING = 5.0
_MEMINFO = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Budget:
    """Bytes that all processes of a build may take together."""

    total: float

    @classmethod
    def of(cls, most: float | None = None) -> Budget:
        """So many, by default `MOST_BYTES`; never more than nine tenths of what is free."""
        return cls(min(most or MOST_BYTES, _SHARE_OF_FREE * free_bytes()))

    def jobs(self, wanted: int, model: float) -> int:
        """How many processes may share the shapes of a model of so many bytes: one at least."""
        return max(1, min(wanted, int(self.total / max(model, 1.0)) - 1))

    def holds(self, jobs: int, model: float, source: float) -> bool:
        """Whether so many processes may work beside the one that hashes a source of so many bytes."""
        return (1 + jobs) * model + _HASHING * source <= self.total


def free_bytes() -> float:
    """Memory that is free to be taken, bytes, also within a container's limit; infinite where nobody says."""
    found = [float("inf")]
    for line in _read(_MEMINFO).splitlines():
        if line.startswith("MemAvailable:"):
            found.append(1024.0 * int(line.split()[1]))
    limit, used = _read(_GROUP / "memory.max").strip(), _read(_GROUP / "memory.current").strip()
    if limit.isdigit() and used.isdigit():
        found.append(float(limit) - float(used) + _cached_bytes())
    return max(min(found), 0.0)


def _cached_bytes() -> float:
    """What a container's limit counts and the system gives back when it is wanted: files that were read."""
    rows = (line.split() for line in _read(_GROUP / "memory.stat").splitlines())
    return sum(float(row[1]) for row in rows if len(row) == 2 and row[0] == "inactive_file")


def resident_bytes() -> float:
    """Memory that this process has, bytes; 0 where nobody says."""
    pages = _read(Path("/proc/self/statm")).split()
    return float(pages[1]) * os.sysconf("SC_PAGE_SIZE") if len(pages) > 1 else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
