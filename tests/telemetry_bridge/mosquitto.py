"""A real mosquitto for the tests."""

import asyncio
import contextlib
import getpass
import shutil
from collections.abc import Callable
from pathlib import Path

WAIT_S = 40.0
# Debian puts it where an ordinary user's PATH does not look.
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """A mosquitto process on a port of its own, which can be killed and started again."""

    def __init__(self, folder: Path, port: int, password: str | None = None) -> None:
        self._config = folder / "mosquitto.conf"
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        lines = [
            f"listener {port} 127.0.0.1",
            "persistence false",
            f"allow_anonymous {str(password is None).lower()}",
        ]
        # Run by root, it would become the user mosquitto, who cannot read this folder.
        lines.append(f"user {getpass.getuser()}")
        if password is not None:
            lines.append(f"password_file {folder / 'users'}")
        self._config.write_text("\n".join(lines) + "\n", "utf-8")

    async def start(self) -> None:
        assert MOSQUITTO is not None, "install mosquitto (Debian: apt-get install mosquitto)"
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO,
            "-c",
            str(self._config),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(WAIT_S):
            while True:
                assert self._process.returncode is None, "mosquitto does not start"
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                    writer.close()
                    return
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)
