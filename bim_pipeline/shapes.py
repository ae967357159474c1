"""From IFC representations to triangle meshes, with ifcopenshell's kernels.

A chunk of products is done at once: bodies that solids cut by the fast kernel, the others and what cannot be
right by the safe one. What that drops or leaves empty is done again alone, from every representation that
could be a body, by the safe kernel and then by the exact one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import ifcopenshell.geom
import ifcopenshell.util.element
import numpy as np

from bim_pipeline.colours import SPACE_COLOUR, Colour, fallback_colour, is_metal_name
from bim_pipeline.cutting import Measure, is_cut_by_solids, is_plausible_cut, measured
from bim_pipeline.preparing import RawShape, is_sensible, prepare_shapes
from bim_pipeline.source import FloatArray, Shape, SmoothMesh

# Untyped on purpose: the wrapper's stubs do not know what its iterator yields.
_geom: Any = ifcopenshell.geom

SAFE_KERNEL = "hybrid-cgal-simple-opencascade"
FAST_KERNEL = "hybrid-cgal-simple-manifold-opencascade"
EXACT_KERNEL = "opencascade"
# Each chunk costs the kernel a look through the file: no more of them than balance many processes.
CHUNK_WEIGHT = 64
MOST_CHUNKS = 16
# What a body of each kind costs, in bodies that are one extrusion; measured on Revit's and Tekla's files.
_FACETED_WEIGHT = 12
_HALF_SPACE_WEIGHT = 25
_CUT_WEIGHT = 5
_INSTANCE_WEIGHT = 0.25
EMPTY = "the shape came out empty or with coordinates that are no numbers"
SPACE_CLASSES = ("IfcSpace", "IfcSpatialZone", "IfcExternalSpatialElement")
_FLAT_TYPES = frozenset(
    {
        "Curve2D",
        "Curve3D",
        "Curve",
        "GeometricSet",
        "GeometricCurveSet",
        "Annotation2D",
        "BoundingBox",
        "Point",
    }
)
_BODY_NAMES = ("Body", "Facetation", "Tessellation", "Body-Fallback", "Surface", "")


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What one chunk of products gave, by step id: bodies as (step id, shape key, matrix (4, 4))."""

    shapes: list[Shape] = field(default_factory=list)
    smooth: dict[str, SmoothMesh] = field(default_factory=dict)
    bodies: list[tuple[int, str, FloatArray]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)


def plan_chunks(products: Sequence[Any]) -> list[list[int]]:
    """Cut the products with a body into chunks of step ids, the same for any number of processes.

    Products that share a mapped representation come together, so that its mesh is computed once; bodies of
    one kind come together, the costly kinds first, so that no process has a long chunk left at the end.
    """
    groups: dict[int, _Group] = {}
    for product in products:
        bodies = body_representations(product)
        if bodies:
            source = _mapped_source(bodies[0]) or product.id()
            group = groups.setdefault(source, _Group(source, _weight(product, bodies[0])))
            group.step_ids.append(product.id())
    ordered = sorted(groups.values(), key=lambda group: (-group.each, len(group.step_ids) == 1, group.source))
    limit = max(CHUNK_WEIGHT, sum(group.weight for group in ordered) / MOST_CHUNKS)
    chunks: list[list[int]] = []
    filled = limit
    for group in ordered:
        if filled >= limit:
            chunks.append([])
            filled = 0.0
        chunks[-1] += group.step_ids
        filled += group.weight
    return chunks


@dataclass(frozen=True, slots=True)
class _Group:
    """Products that share a mapped representation, or one alone; `each` is the weight of its mesh."""

    source: int
    each: float
    step_ids: list[int] = field(default_factory=list)

    @property
    def weight(self) -> float:
        return self.each + _INSTANCE_WEIGHT * len(self.step_ids)


def _weight(product: Any, representation: Any) -> float:
    """Guess what a body costs, by its kind alone."""
    mapped = (i.MappingSource.MappedRepresentation for i in representation.Items if i.is_a("IfcMappedItem"))
    kinds = {representation.RepresentationType, *(r.RepresentationType for r in mapped)}
    if is_cut_by_solids(product, [representation]):
        return _CUT_WEIGHT
    if kinds & {"Clipping", "CSG"}:
        return _HALF_SPACE_WEIGHT
    return _FACETED_WEIGHT if kinds & {"SurfaceModel", "Brep", "AdvancedBrep", "Tessellation"} else 1.0


def body_representations(product: Any) -> list[Any]:
    """Give a product's representations that can hold a surface or a solid, the likeliest body first."""
    definition = product.Representation
    if definition is None:
        return []
    found = [r for r in definition.Representations if _may_be_body(r)]
    return sorted(found, key=lambda r: (_name_rank(r), r.id()))


def shape_chunk(model: Any, step_ids: Sequence[int]) -> ChunkResult:
    """Compute the bodies of one chunk; a product that gives none is in `failed` with the kernel's reason."""
    result = ChunkResult()
    products = [model.by_id(step_id) for step_id in step_ids]
    cut = [p for p in products if is_cut_by_solids(p, body_representations(p)[:1])]
    done = _shape_cut(model, result, cut) if cut else set()
    done |= _shape_together(model, result, [p for p in products if p.id() not in done])
    for product in products:
        if product.id() not in done:
            _shape_alone(model, result, product)
    return result


def _shape_cut(model: Any, result: ChunkResult, products: Sequence[Any]) -> set[int]:
    """Let the fast kernel cut; keep what can be true. Gives the step ids of those bodies."""
    meshes = _Meshes.of(model, products, FAST_KERNEL)
    whole = _Meshes.of(model, products, SAFE_KERNEL, uncut=True)
    known = {step_id: whole.raw[key] for step_id, key, _ in whole.placed}
    placed = [
        (step_id, key, matrix)
        for step_id, key, matrix in meshes.placed
        if step_id in known and is_plausible_cut(_measured(meshes.raw[key]), _measured(known[step_id]))
    ]
    kept = {key for _, key, _ in placed}
    return _keep(result, [raw for key, raw in meshes.raw.items() if key in kept], placed)


def _measured(raw: RawShape) -> Measure | None:
    return measured(raw.vertices, raw.triangles)


def _shape_together(model: Any, result: ChunkResult, products: Sequence[Any]) -> set[int]:
    """Let the safe kernel do products at once; gives the step ids of those that it could do."""
    if not products:
        return set()
    meshes = _Meshes.of(model, products, SAFE_KERNEL)
    return _keep(result, list(meshes.raw.values()), meshes.placed)


@dataclass(frozen=True, slots=True)
class _Meshes:
    """What a kernel gave: meshes by key, and bodies as (step id, key, matrix (4, 4))."""

    raw: dict[str, RawShape] = field(default_factory=dict)
    placed: list[tuple[int, str, FloatArray]] = field(default_factory=list)

    @classmethod
    def of(cls, model: Any, products: Sequence[Any], kernel: str, *, uncut: bool = False) -> _Meshes:
        """Run a kernel over products; what it cannot do is missing. `uncut` leaves openings and cuts away."""
        settings = _geom.settings()
        settings.set("disable-opening-subtractions", uncut)
        settings.set("disable-boolean-result", uncut)
        found = cls()
        for element in _geom.iterator(settings, model, 1, include=list(products), geometry_library=kernel):
            # What has no style is coloured by its class: a door and a window never share a shape.
            key = f"{element.geometry.id}-{element.type}-{kernel}"
            if key not in found.raw:
                found.raw[key] = _raw_shape(model, element.geometry, key, model.by_id(element.id))
            found.placed.append((element.id, key, _matrix(element)))
        return found


def _may_be_body(representation: Any) -> bool:
    kind = representation.RepresentationType
    if kind in _FLAT_TYPES or representation.RepresentationIdentifier in (
        "Axis",
        "FootPrint",
        "Box",
        "Clearance",
    ):
        return False
    if kind == "MappedRepresentation":
        return any(
            _may_be_body(item.MappingSource.MappedRepresentation)
            for item in representation.Items
            if item.is_a("IfcMappedItem")
        )
    if kind is None or representation.RepresentationIdentifier == "Annotation":
        return any(not item.is_a("IfcCurve") for item in representation.Items)
    return True


def _name_rank(representation: Any) -> int:
    name = representation.RepresentationIdentifier or ""
    return _BODY_NAMES.index(name) if name in _BODY_NAMES else len(_BODY_NAMES)


def _mapped_source(representation: Any) -> int | None:
    items = representation.Items
    if len(items) == 1 and items[0].is_a("IfcMappedItem"):
        return int(items[0].MappingSource.id())
    return None


def _keep(
    result: ChunkResult, raw: Sequence[RawShape], placed: Sequence[tuple[int, str, FloatArray]]
) -> set[int]:
    """Add what can be drawn of a kernel's output to the result; gives the step ids of those bodies."""
    prepared = prepare_shapes(raw)
    for shape, smooth in prepared:
        result.shapes.append(shape)
        result.smooth[shape.key] = smooth
    sound = [body for body in placed if body[1] in result.smooth and is_sensible(body[2])]
    result.bodies.extend(sound)
    return {step_id for step_id, _, _ in sound}


def _shape_alone(model: Any, result: ChunkResult, product: Any) -> None:
    """Try each representation of a product with each kernel; what failed before must not be found again."""
    reasons = []
    for representation in body_representations(product):
        for kernel in (SAFE_KERNEL, EXACT_KERNEL):
            try:
                element = _geom.create_shape(
                    _geom.settings(), product, representation, geometry_library=kernel
                )
            except RuntimeError as error:
                reasons.append(_one_line(error))
                continue
            key = f"{element.geometry.id}-{kernel}-{product.id()}"
            raw = _raw_shape(model, element.geometry, key, product)
            if _keep(result, [raw], [(product.id(), key, _matrix(element))]):
                return
            reasons.append(EMPTY)
    result.failed[product.id()] = reasons[-1] if reasons else "no body"


def _matrix(element: Any) -> FloatArray:
    return np.array(element.transformation.matrix, dtype=np.float64).reshape(4, 4).T


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]


def _raw_shape(model: Any, geometry: Any, key: str, product: Any) -> RawShape:
    colours, metal = _colours(model, geometry.materials, product)
    return RawShape(
        key=key,
        vertices=np.frombuffer(geometry.verts_buffer, dtype=np.float64).reshape(-1, 3),
        triangles=np.frombuffer(geometry.faces_buffer, dtype=np.int32).reshape(-1, 3),
        material_ids=np.frombuffer(geometry.material_ids_buffer, dtype=np.int32),
        colours=colours,
        metal=metal,
    )


def _colours(model: Any, materials: Sequence[Any], product: Any) -> tuple[list[Colour], list[bool]]:
    """Give the colours and metal flags of a geometry's materials; the last is for those without one."""
    fallback, fallback_metal = _fallback(product)
    is_space = product.is_a() in SPACE_CLASSES
    colours: list[Colour] = []
    metal: list[bool] = []
    for material in materials:
        styled = material.instance_id() > 0 and not is_space
        colour = _style_colour(material) if styled else None
        colours.append(colour or fallback)
        metal.append(_style_is_metal(model, material.instance_id()) if colour else fallback_metal)
    return [*colours, fallback], [*metal, fallback_metal]


def _style_colour(material: Any) -> Colour | None:
    red, green, blue = (float(c) for c in material.diffuse.components)
    transparency = float(material.transparency) if material.has_transparency() else 0.0
    values = np.array([red, green, blue, 1.0 - transparency])
    if not np.isfinite(values).all():
        return None
    clipped = np.clip(values, 0.0, 1.0)
    # A style that hides its element altogether is nearly always glass with a careless exporter.
    alpha = max(float(clipped[3]), 0.08)
    return float(clipped[0]), float(clipped[1]), float(clipped[2]), alpha


def _style_is_metal(model: Any, step_id: int) -> bool:
    style = model.by_id(step_id)
    name = getattr(style, "Name", None)
    method = getattr(style, "ReflectanceMethod", None)
    for part in getattr(style, "Styles", None) or ():
        method = method or getattr(part, "ReflectanceMethod", None)
    return method == "METAL" or bool(name and is_metal_name(name))


def _fallback(product: Any) -> tuple[Colour, bool]:
    if product.is_a() in SPACE_CLASSES:
        return SPACE_COLOUR, False
    names = tuple(_material_names(product))
    return fallback_colour(product.is_a(), names), any(is_metal_name(name) for name in names)


def _material_names(product: Any) -> Iterator[str]:
    material = ifcopenshell.util.element.get_material(product, should_skip_usage=True)
    if material is None:
        return
    parts = ifcopenshell.util.element.get_materials(product) or [material]
    yield from (part.Name for part in parts if getattr(part, "Name", None))
