"""The shortest way on a floor by brute force: every reflex corner sees every other one."""

from __future__ import annotations

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from navigation.freespace import reflex_corners

GROWN_M = 2e-3


class WholeFloor:
    """One floor as one polygon, with its whole visibility graph."""

    def __init__(self, floor: BaseGeometry) -> None:
        parts = [shapely.orient_polygons(part) for part in shapely.get_parts(floor)]
        self.corners, _ = reflex_corners(MultiPolygon(parts))
        self.sight = floor.buffer(GROWN_M, join_style="mitre")
        shapely.prepare(self.sight)
        self.graph: nx.Graph[int] = nx.Graph()
        self.graph.add_nodes_from(range(len(self.corners)))
        for row, corner in enumerate(self.corners[:-1]):
            self._link(row, corner, np.arange(row + 1, len(self.corners)))

    def _link(self, node: int, spot: NDArray[np.float64], others: NDArray[np.int64]) -> None:
        spots = self.corners[others]
        seen = shapely.covers(
            self.sight, shapely.linestrings(np.stack([np.broadcast_to(spot, spots.shape), spots], 1))
        )
        for other in others[seen].tolist():
            self.graph.add_edge(node, other, weight=float(np.linalg.norm(self.corners[other] - spot)))

    def length(self, start: tuple[float, float], goal: tuple[float, float]) -> float:
        """The length of the shortest way, m."""
        if shapely.covers(self.sight, shapely.linestrings([start, goal])):
            return float(np.hypot(start[0] - goal[0], start[1] - goal[1]))
        self._link(-1, np.array(start), np.arange(len(self.corners)))
        self._link(-2, np.array(goal), np.arange(len(self.corners)))
        length = nx.dijkstra_path_length(self.graph, -1, -2)
        self.graph.remove_nodes_from([-1, -2])
        return float(length)
