"""What the pipeline knows of a model once it has read it: plain frozen data, no I/O.

Everything is in metres, Z up, in the package's local frame, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int32]
AttributeValue: TypeAlias = str | int | float | bool | None
Mesh: TypeAlias = tuple[FloatArray, IntArray]
"""Vertices (n, 3) float64, m, local frame; triangles (m, 3) int32, counter-clockwise seen from outside."""


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One IFC product, as the catalogue lists it.

    `attributes` are the direct attributes of its class that have no field of their own (`OverallWidth`,
    `OverallHeight`, `OperationType`, `NumberOfRisers`, ...): lengths in m, enumerations as text.
    `parent_index` is its whole, host or spatial container; `placement` is (4, 4) local_from_element, None
    where the model has none or a broken one.
    """

    element_index: int
    guid: str
    step_id: int
    ifc_class: str
    predefined_type: str | None = None
    name: str = ""
    name_en: str = ""
    long_name: str = ""
    object_type: str = ""
    description: str = ""
    tag: str = ""
    type_index: int | None = None
    parent_index: int | None = None
    storey_index: int | None = None
    placement: FloatArray | None = None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Storey:
    """A storey's place in its building: `position` 0 is the lowest, `height_m` reaches to the next one."""

    element_index: int
    position: int
    elevation_m: float
    height_m: float


@dataclass(frozen=True, slots=True)
class ModelWarning:
    """Something of the model that was not taken as it stands: what, where, and what was done."""

    code: str
    guid: str | None
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A triangle mesh in its own frame, which one or many elements use.

    `vertices` (n, 3) float64, m; `triangles` (m, 3) int32; `colour_ids` (m,) int32 into `colours`
    (k, 4) float64: sRGB red, green, blue and alpha, 0..1. `metal` (k,) bool: colours drawn as metal.
    """

    key: str
    vertices: FloatArray
    triangles: IntArray
    colour_ids: IntArray
    colours: FloatArray
    metal: NDArray[np.bool_]

    def local_vertices(self, local_from_shape: FloatArray) -> FloatArray:
        """Give the vertices (n, 3), m, in the local frame."""
        moved: FloatArray = self.vertices @ local_from_shape[:3, :3].T + local_from_shape[:3, 3]
        return moved


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The drawn body of one element: a shape and where it stands, `local_from_shape` (4, 4)."""

    element_index: int
    shape: Shape
    local_from_shape: FloatArray

    def mesh(self) -> Mesh:
        """Give vertices (n, 3), m, local frame, and triangles (m, 3); wound the right way when mirrored."""
        triangles = self.shape.triangles
        if np.linalg.det(self.local_from_shape[:3, :3]) < 0:
            triangles = triangles[:, ::-1]
        return self.shape.local_vertices(self.local_from_shape), triangles

    def box(self) -> FloatArray:
        """Give the box (6,): min x, y, z, max x, y, z, m, local frame."""
        vertices = self.shape.local_vertices(self.local_from_shape)
        return np.concatenate([vertices.min(axis=0), vertices.max(axis=0)])


@dataclass(frozen=True, slots=True, eq=False)
class SmoothMesh:
    """A mesh ready to draw: corners that share a vertex, a colour and a smooth surface are one.

    `vertex_ids` (n,) int32 into the shape's vertices; `normals` (n, 3) float32, unit; `colour_ids` (n,)
    int32; `triangles` (m, 3) int32 into these.
    """

    vertex_ids: IntArray
    normals: NDArray[np.float32]
    colour_ids: IntArray
    triangles: IntArray


class Meshes(Mapping[int, Mesh]):
    """The bodies as meshes by element index; a mesh is made when asked for, and not kept."""

    def __init__(self, bodies: Mapping[int, Body]) -> None:
        self._bodies = bodies

    def __getitem__(self, element_index: int) -> Mesh:
        """Give the mesh of one element; KeyError where it is not drawn."""
        return self._bodies[element_index].mesh()

    def digest(self, element_index: int) -> bytes:
        """Say what a mesh is made of, where its shape is named by its content; KeyError as above."""
        body = self._bodies[element_index]
        return body.shape.key.encode() + body.local_from_shape.tobytes()

    def __contains__(self, element_index: object) -> bool:
        """Say whether an element is drawn, without making its mesh."""
        return element_index in self._bodies

    def __iter__(self) -> Iterator[int]:
        """Go through the indices of the drawn elements, ascending."""
        return iter(self._bodies)

    def __len__(self) -> int:
        """Count the drawn elements."""
        return len(self._bodies)


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Every drawn body of a model: `bodies` by element index, ascending; `smooth` by the shape's key."""

    bodies: Mapping[int, Body]
    smooth: Mapping[str, SmoothMesh]
    failed: Mapping[int, str]

    def meshes(self) -> Meshes:
        """Give the bodies as plain meshes in the local frame, by element index."""
        return Meshes(self.bodies)


@dataclass(frozen=True, slots=True)
class Space:
    """A room: `footprint` is the WKB of a (Multi)Polygon in local x and y, m.

    `derived` where the model has no IfcSpace there and the walls told it.
    """

    element_index: int
    storey_index: int | None
    function: str
    floor_z_m: float
    height_m: float
    area_m2: float
    footprint: bytes
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Portal:
    """What connects two spaces; a row of the catalogue's table of that name.

    `a` and `b` (3,), m, are where one stands on either side; `space_a` or `space_b` None is outside or
    unknown; `path` (n, 3) is the walking line of stairs and ramps, from a to b.
    """

    element_index: int | None
    kind: str
    space_a: int | None
    space_b: int | None
    a: tuple[float, float, float]
    b: tuple[float, float, float]
    width_m: float
    path: FloatArray | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What one chunk of products gave, by step id: bodies as (step id, shape key, matrix (4, 4))."""

    shapes: list[Shape] = field(default_factory=list)
    smooth: dict[str, SmoothMesh] = field(default_factory=dict)
    bodies: list[tuple[int, str, FloatArray]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
