"""Seeded noise without state: the same seed, key and time give the same number, in any order of asking."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scrambles 64-bit keys (splitmix64: Steele, Lea, Flood, OOPSLA 2014), any shape."""
    with np.errstate(over="ignore"):
        z = values + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _MIX_A
        z = (z ^ (z >> np.uint64(27))) * _MIX_B
    return z ^ (z >> np.uint64(31))


def keys_of(seed: int, names: list[str]) -> Keys:
    """A 64-bit key per name, `(n,) uint64`, that depends on the seed and the name alone."""
    hashed = [_fnv1a(name) for name in names]
    return mix(np.array(hashed, dtype=np.uint64) ^ mix(np.array([seed % 2**64], dtype=np.uint64)))


def _fnv1a(text: str) -> int:
    """FNV-1a, 64 bit: small, and the same on every machine, which Python's own hash is not."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def uniform(keys: Keys, tick: int | NDArray[np.int64], channel: int = 0) -> Floats:
    """Numbers in [0, 1), one per key, for a tick of whatever length and a channel."""
    ticks = np.asarray(tick, dtype=np.int64).astype(np.uint64)
    salted = mix(ticks ^ mix(np.asarray([channel], dtype=np.uint64)))
    return (mix(keys ^ salted) >> np.uint64(11)).astype(np.float64) / float(2**53)


def normal(keys: Keys, tick: int, channel: int = 0) -> Floats:
    """Standard normal numbers, one per key (Box-Muller)."""
    radius = np.sqrt(-2.0 * np.log1p(-uniform(keys, tick, 2 * channel + 1001)))
    return radius * np.cos(2.0 * np.pi * uniform(keys, tick, 2 * channel + 1002))


def smooth(keys: Keys, time_s: float, period_s: float, channel: int = 0) -> Floats:
    """Continuous noise in [-1, 1] that changes over about `period_s` seconds, one per key."""
    position = time_s / period_s
    tick = int(np.floor(position))
    fraction = position - tick
    ease = fraction * fraction * (3.0 - 2.0 * fraction)
    before, after = uniform(keys, tick, channel), uniform(keys, tick + 1, channel)
    return 2.0 * (before + (after - before) * ease) - 1.0
