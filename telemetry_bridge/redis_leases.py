"""Leases in Redis: a key that runs out, and a token that only grows.

The token is the time of Redis in microseconds, so that one that forgot everything gives no smaller ones.
"""

import contextlib

from telemetry_bridge.held_token import HeldToken
from telemetry_bridge.redis_link import FAULTS, RedisLink

_ASK = """
local holder = redis.call('GET', KEYS[1])
local token = tonumber(redis.call('GET', KEYS[2]) or '0')
if holder == ARGV[1] and token > 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return token
end
if holder and holder ~= ARGV[1] then return 0 end
local now = redis.call('TIME')
local fresh = math.max(token + 1, tonumber(now[1]) * 1000000 + tonumber(now[2]))
redis.call('SET', KEYS[2], string.format('%.0f', fresh))
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return fresh
"""
_GIVE_UP = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

#: A lease is asked for, or renewed, so many times before it runs out: who waits for one has it soon after.
TIMES = 10.0


class RedisLease(HeldToken):
    """One lease; while Redis is away its holder holds it on, until it is told that another does."""

    def __init__(self, link: RedisLink, name: str, holder: str, length_s: float, *, asked: bool) -> None:
        super().__init__()
        self._link, self._holder, self._length_s = link, holder, length_s
        self._keys = (link.key(f"lease:{name}"), link.key(f"fence:{name}"))
        self._wanted = asked

    async def step(self) -> None:
        """Ask for it, or renew it, where it is wanted. Raises one of `FAULTS`."""
        if self._wanted:
            length_ms = int(self._length_s * 1000)
            self._set(int(await self._link.ask("EVAL", _ASK, 2, *self._keys, self._holder, length_ms)))

    def _set(self, token: int) -> None:
        if self._wanted:
            super()._set(token)

    def ask(self) -> None:
        """Ask for it again, when it is asked for the next time."""
        self._wanted = True

    async def give_up(self) -> None:
        """Let another have it, and ask no more."""
        self._set(0)
        self._wanted = False
        with contextlib.suppress(*FAULTS):
            await self._link.ask("EVAL", _GIVE_UP, 1, self._keys[0], self._holder)
