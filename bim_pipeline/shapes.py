"""From IFC representations to triangle meshes, with ifcopenshell's kernels.

A chunk of products is done at once: bodies that the file spells out face by face are read from it (`facets`),
bodies that solids cut are done by the fast kernel, the others and what cannot be
right by the safe one. What that drops or leaves empty is done again alone, from every representation that
could be a body, by the safe kernel and then by the exact one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import ifcopenshell.geom
import ifcopenshell.util.element
import numpy as np

from bim_pipeline.colours import SPACE_COLOUR, Colour, fallback_colour, is_metal_name
from bim_pipeline.cutting import Measure, is_cut_by_solids, is_plausible_cut, measured
from bim_pipeline.facets import Facets
from bim_pipeline.preparing import RawShape, is_sensible, prepare_shapes
from bim_pipeline.source import ChunkResult, FloatArray, IntArray
from bim_pipeline.units import read_units

# Untyped on purpose: the wrapper's stubs do not know what its iterator yields.
_geom: Any = ifcopenshell.geom

SAFE_KERNEL = "hybrid-cgal-simple-opencascade"
FAST_KERNEL = "hybrid-cgal-simple-manifold-opencascade"
EXACT_KERNEL = "opencascade"
# Each chunk costs the kernel a look through the file: no more of them than balance many processes.
CHUNK_WEIGHT = 64
MOST_CHUNKS = 12
# What a body of each kind costs, in bodies that are one extrusion; measured on Revit's and Tekla's files.
_FACETED_WEIGHT = 12
_HALF_SPACE_WEIGHT = 25
_CUT_WEIGHT = 5
_SPELT_OUT_WEIGHT = 3
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
# Items that `facets` can read, with the attribute that leads to their faces.
_SPELT_OUT = {"IfcFaceBasedSurfaceModel": "FbsmFaces", "IfcFacetedBrep": "Outer"}
_DEEPEST_MAP = 8
# How far from the file's own numbers, m, a kernel may put the corners of a face.
_SAME_PLACE_M = 1e-9
FacetsByItem: TypeAlias = Mapping[int, Facets]
_BODY_NAMES = ("Body", "Facetation", "Tessellation", "Body-Fallback", "Surface", "")


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
            if source not in groups:
                groups[source] = _Group(source, _weight(product, bodies[0]))
            groups[source].step_ids.append(product.id())
    ordered = sorted(groups.values(), key=lambda group: group.rank)
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
    def rank(self) -> tuple[bool, float, bool, int]:
        """Costly ones first; what is read from the file last, for by then it is."""
        return self.each == _SPELT_OUT_WEIGHT, -self.each, len(self.step_ids) == 1, self.source

    @property
    def weight(self) -> float:
        return self.each + _INSTANCE_WEIGHT * len(self.step_ids)


def _weight(product: Any, representation: Any) -> float:
    """Guess what a body costs, by its kind alone."""
    mapped = (i.MappingSource.MappedRepresentation for i in representation.Items if i.is_a("IfcMappedItem"))
    kinds = {representation.RepresentationType, *(r.RepresentationType for r in mapped)}
    if spelt_out_items(product):
        return _SPELT_OUT_WEIGHT
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


def shape_chunk(
    model: Any, step_ids: Sequence[int], facets: Callable[[], FacetsByItem] = dict
) -> ChunkResult:
    """Compute the bodies of one chunk; a product that gives none is in `failed` with the kernel's reason.

    `facets` gives what was read of the file's own faces, by item; it is asked only where it may be of use.
    """
    result = ChunkResult()
    products = [model.by_id(step_id) for step_id in step_ids]
    spelt_out = [(p, items) for p in products if (items := spelt_out_items(p))]
    done = _shape_read(model, result, spelt_out, facets()) if spelt_out else set()
    cut = [p for p in products if p.id() not in done and is_cut_by_solids(p, body_representations(p)[:1])]
    done |= _shape_cut(model, result, cut) if cut else set()
    done |= _shape_together(model, result, [p for p in products if p.id() not in done])
    for product in products:
        if product.id() not in done:
            _shape_alone(model, result, product)
    return result


def spelt_out_items(product: Any) -> list[Any]:
    """Give the items of a product's likeliest body if the file lists their faces; none where it is cut."""
    if getattr(product, "HasOpenings", ()):
        return []
    items = list(_items(body_representations(product)[:1]))
    return items if all(item.is_a() in _SPELT_OUT for item in items) else []


def _items(representations: Sequence[Any], depth: int = 0) -> Iterator[Any]:
    """Go through the items of representations and of those that they map."""
    for item in (item for representation in representations for item in representation.Items):
        if item.is_a("IfcMappedItem") and depth < _DEEPEST_MAP:
            yield from _items([item.MappingSource.MappedRepresentation], depth + 1)
        else:
            yield item


def _shape_read(
    model: Any, result: ChunkResult, products: Sequence[tuple[Any, list[Any]]], facets: FacetsByItem
) -> set[int]:
    """Take the bodies of products, given with their items, from the file's own faces; gives their step ids.

    A kernel is shown one face of each item, and so tells of all else: places, styles, units.
    """
    chosen = [(p, items) for p, items in products if all(item.id() in facets for item in items)]
    if not chosen:
        return set()
    known = {item.id(): item for _, items in chosen for item in items}
    with _one_face_each(model, known, facets) as item_of_set:
        wanted = {p.id(): {item.id() for item in items} for p, items in chosen}
        reader = _FacetReader(facets, read_units(model).metres_per_unit, item_of_set, wanted)
        meshes = _Meshes.of(model, [p for p, _ in chosen], SAFE_KERNEL, read=reader.read)
    return _keep(result, list(meshes.raw.values()), meshes.placed, keep_diagonals=True)


@contextmanager
def _one_face_each(model: Any, items: Mapping[int, Any], facets: FacetsByItem) -> Iterator[dict[int, int]]:
    """Leave items only their sample face for a while; gives the items by the ids of their face sets."""
    before = {step_id: getattr(item, _SPELT_OUT[item.is_a()]) for step_id, item in items.items()}
    made = []
    try:
        for step_id, item in items.items():
            name = _SPELT_OUT[item.is_a()]
            kind = "IfcConnectedFaceSet" if name == "FbsmFaces" else "IfcClosedShell"
            made.append(model.create_entity(kind, [model.by_id(facets[step_id].sample)]))
            setattr(item, name, [made[-1]] if name == "FbsmFaces" else made[-1])
        yield {small.id(): step_id for small, step_id in zip(made, items, strict=True)}
    finally:
        for step_id, item in items.items():
            setattr(item, _SPELT_OUT[item.is_a()], before[step_id])
        for small in made:
            model.remove(small)


class _FacetReader:
    """Puts the faces that a file lists in the place of the sample that a kernel was shown."""

    def __init__(
        self,
        facets: FacetsByItem,
        metres_per_unit: float,
        item_of_set: Mapping[int, int],
        wanted: Mapping[int, set[int]],
    ) -> None:
        self._facets = facets
        self._metres_per_unit = metres_per_unit
        self._item_of_set = item_of_set
        self._wanted = wanted

    def read(self, model: Any, geometry: Any, key: str, product: Any) -> RawShape | None:
        """Give a body's whole mesh; None where the kernel made something else of a sample."""
        sample = _raw_shape(model, geometry, key, product)
        sets = np.frombuffer(geometry.item_ids_buffer, dtype=np.int32)
        parts: dict[int, tuple[FloatArray, IntArray, int]] = {}
        for number in dict.fromkeys(sets.tolist()):
            item = self._item_of_set.get(number, number)
            rows = np.flatnonzero(sets == number)
            corners = sample.vertices[np.unique(sample.triangles[rows])]
            mesh = self._mesh(item, corners)
            if mesh is None or item in parts:
                return None
            parts[item] = (*mesh, int(sample.material_ids[rows[0]]))
        return _joined(sample, list(parts.values())) if parts.keys() == self._wanted[product.id()] else None

    def _mesh(self, item: int, sample: FloatArray) -> tuple[FloatArray, IntArray] | None:
        """Give an item's mesh in m, if the kernel left the corners of its sample face where they are."""
        facets = self._facets.get(item)
        if facets is None:
            return None
        vertices = facets.vertices * self._metres_per_unit
        own = np.unique(vertices[facets.sample_corners], axis=0)
        distances = np.abs(own[:, None] - sample[None]).max(axis=2)
        limit = _SAME_PLACE_M + 1e-15 * float(np.abs(own).max())
        same = len(own) == len(sample) and bool((distances.min(axis=1) <= limit).all())
        return (vertices, facets.triangles) if same else None


def _joined(sample: RawShape, parts: Sequence[tuple[FloatArray, IntArray, int]]) -> RawShape:
    starts = np.cumsum([0, *(len(vertices) for vertices, _, _ in parts[:-1])])
    return replace(
        sample,
        vertices=np.concatenate([vertices for vertices, _, _ in parts]),
        triangles=np.concatenate([t + first for (_, t, _), first in zip(parts, starts, strict=True)]),
        material_ids=np.repeat([m for _, _, m in parts], [len(t) for _, t, _ in parts]).astype(np.int32),
    )


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
    def of(
        cls,
        model: Any,
        products: Sequence[Any],
        kernel: str,
        *,
        uncut: bool = False,
        read: Callable[[Any, Any, str, Any], RawShape | None] | None = None,
    ) -> _Meshes:
        """Run a kernel over products; what it cannot do is missing. `uncut` leaves openings and cuts away.

        `read` makes a mesh of a model, a geometry, its key and a product; where it gives none, none is there.
        """
        settings = _geom.settings()
        settings.set("disable-opening-subtractions", uncut)
        settings.set("disable-boolean-result", uncut)
        found, read = cls(), read or _raw_shape
        refused: set[str] = set()
        for element in _geom.iterator(settings, model, 1, include=list(products), geometry_library=kernel):
            # What has no style is coloured by its class: a door and a window never share a shape.
            key = f"{element.geometry.id}-{element.type}-{kernel}"
            if key in refused:
                continue
            if key not in found.raw:
                raw = read(model, element.geometry, key, model.by_id(element.id))
                if raw is None:
                    refused.add(key)
                    continue
                found.raw[key] = raw
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
    result: ChunkResult,
    raw: Sequence[RawShape],
    placed: Sequence[tuple[int, str, FloatArray]],
    *,
    keep_diagonals: bool = False,
) -> set[int]:
    """Add what can be drawn of a kernel's output to the result; gives the step ids of those bodies."""
    prepared = prepare_shapes(raw, keep_diagonals=keep_diagonals)
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
