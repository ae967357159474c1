"""Connected components of a graph. No I/O."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def connected_parts(count: int, one: NDArray[np.integer], two: NDArray[np.integer]) -> NDArray[np.int64]:
    """Number the parts of `count` nodes that the pairs `one`, `two` (m,) join: (count,), by first member.

    The same numbers as scipy's `connected_components`, whose import alone takes longer than any model here:
    roots hook on to smaller ones, paths are halved until they are flat (Shiloach and Vishkin 1982).
    """
    root = np.arange(count)
    while True:
        low, high = np.minimum(root[one], root[two]), np.maximum(root[one], root[two])
        apart = low != high
        if not apart.any():
            break
        one, two = one[apart], two[apart]
        np.minimum.at(root, high[apart], low[apart])
        root = _flat(root)
    numbers = np.cumsum(root == np.arange(count)) - 1
    return np.asarray(numbers[root])


def _flat(root: NDArray[np.int64]) -> NDArray[np.int64]:
    while not np.array_equal(above := root[root], root):
        root = above
    return root
