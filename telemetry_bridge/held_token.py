"""The token of a lease, and those who wait for it to change. One event loop."""

import asyncio


class HeldToken:
    """A lease's token: 0 while it is not held."""

    def __init__(self) -> None:
        self._token = 0
        self._moved = asyncio.Event()

    @property
    def token(self) -> int:
        """The token while it is held; 0: it is not."""
        return self._token

    def _set(self, token: int) -> None:
        if token != self._token:
            self._token = token
            self._moved.set()
            self._moved = asyncio.Event()

    async def changed(self, seen: int) -> int:
        """Wait until the token is another one than `seen`; gives it."""
        while self._token == seen:
            await self._moved.wait()
        return self._token
