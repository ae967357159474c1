"""Putting shapes and elements together in the local frame. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bim_pipeline.source import Body, ChunkResult, Element, FloatArray, Geometry, ModelWarning, Shape

# Beyond this distance from the origin, m, 32-bit floats on a graphics card are coarser than 0.1 mm.
LOCAL_LIMIT_M = 2_000.0
# What is farther than this, m, from the middle of the model is an error of the model, not a part of it.
STRAY_LIMIT_M = 50_000.0
STRAY_REASON = "it stands more than 50 km away from the rest of the model and is not drawn"


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """A model in its local frame: `boxes` (n, 6), NaN rows without a body; `local_from_source` (4, 4).

    `source_boxes` (n, 6) are the boxes before anything was shifted.
    """

    elements: tuple[Element, ...]
    geometry: Geometry
    boxes: FloatArray
    source_boxes: FloatArray
    local_from_source: FloatArray
    warnings: tuple[ModelWarning, ...]

    @property
    def triangles(self) -> list[int]:
        """Triangles of each element, 0 where it is not drawn."""
        bodies = self.geometry.bodies
        return [len(bodies[i].shape.triangles) if i in bodies else 0 for i in range(len(self.elements))]

    @property
    def bounds(self) -> FloatArray | None:
        """The box (6,) of all that is drawn; None where nothing is."""
        drawn = self.boxes[~np.isnan(self.boxes[:, 0])]
        if not len(drawn):
            return None
        return np.concatenate([drawn[:, :3].min(axis=0), drawn[:, 3:].max(axis=0)])


def named_by_content(chunks: Sequence[ChunkResult]) -> ChunkResult:
    """Join chunks, each shape named by what it is, so that ids of the file change nothing."""
    joined = ChunkResult()
    names: dict[str, str] = {}
    for chunk in chunks:
        for shape in chunk.shapes:
            if shape.key not in names:
                name = names[shape.key] = shape_digest(shape)
                if name not in joined.smooth:
                    joined.shapes.append(replace(shape, key=name))
                    joined.smooth[name] = chunk.smooth[shape.key]
        joined.bodies.extend((step_id, names[key], matrix) for step_id, key, matrix in chunk.bodies)
        joined.failed.update(chunk.failed)
    return joined


def joined_shapes(one: ChunkResult, other: ChunkResult) -> ChunkResult:
    """Join two results whose shapes are named by their content."""
    return ChunkResult(
        [*one.shapes, *(shape for shape in other.shapes if shape.key not in one.smooth)],
        {**other.smooth, **one.smooth},
        [*one.bodies, *other.bodies],
        {**one.failed, **other.failed},
    )


def shape_digest(shape: Shape) -> str:
    """Give a hash of a shape's mesh and colours, 32 hex digits."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (shape.vertices, shape.triangles, shape.colour_ids, shape.colours, shape.metal):
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def assemble(
    elements: Sequence[Element], found: ChunkResult, known_boxes: Mapping[int, FloatArray] | None = None
) -> Assembly:
    """Give each element its body, leave out strays, and shift everything near to the origin.

    `known_boxes` are boxes (6,) of bodies by step id, before the shift: those need not be measured again.
    """
    index = {element.step_id: element.element_index for element in elements}
    shapes = {shape.key: shape for shape in found.shapes}
    bodies = {
        index[step_id]: Body(index[step_id], shapes[key], matrix)
        for step_id, key, matrix in found.bodies
        if step_id in index
    }
    failed = {index[s]: reason for s, reason in found.failed.items() if s in index}
    known = {index[step_id]: box for step_id, box in (known_boxes or {}).items() if step_id in index}
    boxes = body_boxes(bodies, len(elements), known)
    for stray in _strays(boxes):
        failed[stray] = STRAY_REASON
        del bodies[stray]
        boxes[stray] = np.nan
    shift = _shift(boxes)
    placed = {i: bodies[i] for i in sorted(bodies)}
    if shift.any():
        placed = {i: _body_moved(body, shift) for i, body in placed.items()}
        elements = [_element_moved(element, shift) for element in elements]
    local_from_source = np.eye(4)
    local_from_source[:3, 3] = shift
    return Assembly(
        elements=tuple(elements),
        geometry=Geometry(placed, found.smooth, failed),
        boxes=boxes + np.tile(shift, 2) if len(boxes) else boxes,
        source_boxes=boxes,
        local_from_source=local_from_source,
        warnings=tuple(_failures(elements, failed)),
    )


def body_boxes(bodies: Mapping[int, Body], count: int, known: Mapping[int, FloatArray]) -> FloatArray:
    """Give the boxes (count, 6) of bodies, NaN rows for those without; `known` ones are taken as they are."""
    boxes = np.full((count, 6), np.nan)
    for index, body in bodies.items():
        box = known.get(index)
        boxes[index] = body.box() if box is None else box
    return boxes


def _strays(boxes: FloatArray) -> list[int]:
    drawn = np.flatnonzero(~np.isnan(boxes[:, 0]))
    if not len(drawn):
        return []
    centres = (boxes[drawn, :3] + boxes[drawn, 3:]) / 2
    distance = np.linalg.norm(centres - np.median(centres, axis=0), axis=1)
    return [int(i) for i in drawn[distance > STRAY_LIMIT_M]]


def _shift(boxes: FloatArray) -> FloatArray:
    """Give the shift (3,), whole metres, that brings a far model's middle to the origin."""
    drawn = boxes[~np.isnan(boxes[:, 0])]
    if not len(drawn):
        return np.zeros(3)
    middle = np.median((drawn[:, :3] + drawn[:, 3:]) / 2, axis=0)
    shift = np.zeros(3)
    if np.abs(middle[:2]).max() > LOCAL_LIMIT_M:
        shift[:2] = -np.round(middle[:2])
    if abs(middle[2]) > LOCAL_LIMIT_M:
        shift[2] = -np.round(middle[2])
    return shift


def _moved(matrix: FloatArray, shift: FloatArray) -> FloatArray:
    moved = matrix.copy()
    moved[:3, 3] += shift
    return moved


def _body_moved(body: Body, shift: FloatArray) -> Body:
    return replace(body, local_from_shape=_moved(body.local_from_shape, shift))


def _element_moved(element: Element, shift: FloatArray) -> Element:
    if element.placement is None:
        return element
    return replace(element, placement=_moved(element.placement, shift))


def _failures(elements: Sequence[Element], failed: Mapping[int, str]) -> list[ModelWarning]:
    return [
        ModelWarning("shape_failed", elements[i].guid, f"{elements[i].ifc_class}: {failed[i]}")
        for i in sorted(failed)
    ]
