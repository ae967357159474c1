"""Notices that the package was rebuilt under a running server.

The server keeps answering from the revision that it opened: its catalogue and index stay open, and tiles of
another revision are refused by their address. It does not swap by itself, because point numbers, bindings and
every open page belong to the old revision; it says `restart_needed` instead.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from spatial.errors import WrongFormatError
from spatial.manifest import read_manifest

LOG = structlog.get_logger(__name__)


@dataclass(slots=True)
class PackageWatch:
    """Compares the manifest on disk with the revision that is served."""

    folder: Path
    revision: str
    restart_needed: bool = False
    _stamp: tuple[int, int] | None = None
    _folder_id: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        self._folder_id = self._identity()

    def _identity(self) -> tuple[int, int] | None:
        try:
            stat = self.folder.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino

    def is_same_folder(self) -> bool:
        """Whether the folder is still the one that was opened: a rebuild renames another into its place."""
        return self._identity() == self._folder_id

    def look(self) -> None:
        """Look once; reads the manifest only when its time or inode changed."""
        path = self.folder / "manifest.json"
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
            if stamp == self._stamp:
                return
            found = read_manifest(path.read_bytes(), str(path)).revision
        except (OSError, WrongFormatError):
            return  # between two renames, or gone: what is open stays served
        self._stamp = stamp
        self._note(found)

    def _note(self, found: str) -> None:
        needed = found != self.revision
        if needed and not self.restart_needed:
            LOG.warning("the package was rebuilt: restart to serve it", served=self.revision, on_disk=found)
        self.restart_needed = needed

    async def run(self, period_s: float) -> None:
        """Look every `period_s` seconds until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(period_s)
