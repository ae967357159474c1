"""Which points of the film are meant. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from telemetry_bridge.samples import Samples
from twin.film.described import PastPoint, PastRegistry
from twin.film.segment import Mask


@dataclass(frozen=True, slots=True)
class Choice:
    """Points by globs of device and name and by class, empty: all; by (device, name) where `named` is."""

    devices: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    named: frozenset[tuple[str, str]] | None = None

    @property
    def is_all(self) -> bool:
        """Whether every point is meant."""
        return not (self.devices or self.points or self.classes) and self.named is None

    def has(self, point: PastPoint) -> bool:
        """Whether a point is meant."""
        return (
            _fits(point.device, self.devices)
            and _fits(point.name, self.points)
            and (not self.classes or point.point_class in self.classes)
            and (self.named is None or (point.device, point.name) in self.named)
        )

    def mask(self, registry: PastRegistry) -> Mask:
        """(n_points,) bool: the points of a registry that are meant."""
        if self.is_all:
            return np.ones(len(registry), dtype=np.bool_)
        return np.fromiter((self.has(each) for each in registry.points), np.bool_, len(registry))


def _fits(text: str, globs: Sequence[str]) -> bool:
    return not globs or any(text == glob or fnmatchcase(text, glob) for glob in globs)


def chosen(samples: Samples, mask: Mask) -> Samples:
    """The samples of the points that are meant."""
    return samples if mask.all() else samples[mask[samples.point_index]]


def meanings(registries: Iterable[PastRegistry], choice: Choice) -> list[PastPoint]:
    """The points that are meant, by device and name; one of each meaning that the name ever had."""
    found: dict[tuple[str, str], list[PastPoint]] = {}
    for registry in registries:
        for point in registry.points:
            if choice.has(point):
                known = found.setdefault((point.device, point.name), [])
                if not any(each.means_the_same(point) for each in known):
                    known.append(point)
    return [point for key in sorted(found) for point in found[key]]
