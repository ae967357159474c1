"""A small, quick and deterministic IFC4 writer on ifcopenshell's entity level.

GlobalIds come by hash from stable keys, so the same calls give the same bytes. Geometry is given as plain
data (`Extrusion`, or any mesh with `vertices` and `faces`), in metres, right-handed, Z up. Relations
(containment, types, property sets, materials, systems) are collected and written once by `finish`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import cos, hypot, radians, sin
from typing import Any, Protocol

import ifcopenshell
import ifcopenshell.guid

from assets.palace.errors import WriterError
from assets.palace.layout import Layout, build_layout
from assets.palace.palette import PALETTE
from assets.palace.shapes import SpaceSpec, StoreySpec

Entity = ifcopenshell.entity_instance
Vec3 = tuple[float, float, float]
Value = bool | int | float | str | tuple[str, Any]
Psets = Mapping[str, Mapping[str, Value]]
# Attributes that IFC4 demands of a type and that say nothing here.
REQUIRED = {
    "IfcFurnitureType": {"AssemblyPlace": "NOTDEFINED"},
    "IfcDoorType": {"OperationType": "NOTDEFINED"},
    "IfcWindowType": {"PartitioningType": "NOTDEFINED"},
}
NAMESPACE = uuid.UUID("6f0c1f6e-6a3c-5d0e-9d55-0d3f3e2b7a11")
TIMESTAMP = "2026-01-01T00:00:00"


class MeshLike(Protocol):
    """Vertices in metres and faces as vertex numbers from 0, counter-clockwise seen from outside."""

    @property
    def vertices(self) -> Sequence[Vec3]:
        """The points, m."""

    @property
    def faces(self) -> Sequence[Sequence[int]]:
        """Planar faces of three or more vertex numbers."""


@dataclass(frozen=True)
class Frame:
    """Where a thing stands: origin in the model's local frame, m, and a turn about +Z, degrees.

    `axis` and `ref` (its own z and x directions) replace the turn where a thing does not stand upright.
    """

    x: float
    y: float
    z: float
    turn_deg: float = 0.0
    axis: Vec3 | None = None
    ref: Vec3 | None = None


@dataclass(frozen=True)
class Extrusion:
    """A profile in its frame's XY plane, with holes, drawn along its frame's Z by `depth`, m."""

    outline: Sequence[tuple[float, float]]
    depth: float
    frame: Frame = Frame(0, 0, 0)
    holes: Sequence[Sequence[tuple[float, float]]] = ()


@dataclass(frozen=True)
class Part:
    """A piece of geometry and its finish, a name of `palette.PALETTE`."""

    shape: Extrusion | MeshLike
    finish: str


@dataclass(frozen=True)
class TypeHandle:
    """A written IfcTypeProduct and the representation map that its occurrences use."""

    entity: Entity
    source: Entity | None
    occurrence_class: str


@dataclass
class _Pending:
    contained: dict[int, list[Entity]] = field(default_factory=dict)
    typed: dict[int, list[Entity]] = field(default_factory=dict)
    described: dict[int, list[Entity]] = field(default_factory=dict)
    made_of: dict[int, list[Entity]] = field(default_factory=dict)
    grouped: dict[int, list[Entity]] = field(default_factory=dict)
    parts: dict[int, list[Entity]] = field(default_factory=dict)


def rectangle(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[float, float], ...]:
    """A rectangle's ring, counter-clockwise."""
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def box_part(x0: float, y0: float, z0: float, x1: float, y1: float, z1: float, finish: str) -> Part:
    """An axis-parallel box between two corners, as an extrusion."""
    return Part(Extrusion(rectangle(x0, y0, x1, y1), z1 - z0, Frame(0, 0, z0)), finish)


class IfcWriter:
    """Writes the palace: project, site, building, storeys and spaces first, then whatever is placed.

    `containers` maps `site`, storey keys (`L1`) and space keys (`L1.lobby`) to their entities.
    """

    def __init__(self, layout: Layout | None = None) -> None:
        self.layout = layout or build_layout()
        self.file = ifcopenshell.file(schema="IFC4")
        self.containers: dict[str, Entity] = {}
        self._elevations: dict[str, float] = {}
        self._guids: set[str] = set()
        self._entities: dict[int, Entity] = {}
        self._cache: dict[Any, Entity] = {}
        self._pending = _Pending()
        self._spatial_skeleton()

    # -- identity and small values ---------------------------------------------------------------

    def guid(self, key: str) -> str:
        """The GlobalId of a stable key: 22 characters; WriterError if the key was used before."""
        if key in self._guids:
            raise WriterError(f"two entities have the key {key!r}; keys must be unique in the model")
        self._guids.add(key)
        return guid_of(key)

    def point(self, *xyz: float) -> Entity:
        """A shared IfcCartesianPoint, rounded to 0.1 mm."""
        coordinates = tuple(round(float(v), 4) + 0.0 for v in xyz)
        return self._shared("IfcCartesianPoint", coordinates)

    def direction(self, *xyz: float) -> Entity:
        """A shared IfcDirection."""
        return self._shared("IfcDirection", tuple(round(float(v), 9) + 0.0 for v in xyz))

    def _shared(self, cls: str, *args: Any) -> Entity:
        key = (cls, *args)
        if key not in self._cache:
            self._cache[key] = self.file.create_entity(cls, *args)
        return self._cache[key]

    def axes(self, frame: Frame) -> Entity:
        """An IfcAxis2Placement3D for the frame."""
        key = ("axes", frame)
        if key not in self._cache:
            axis, ref = frame.axis, frame.ref
            if axis is None and frame.turn_deg:
                turn = radians(frame.turn_deg)
                axis, ref = (0.0, 0.0, 1.0), (cos(turn), sin(turn), 0.0)
            self._cache[key] = self.file.create_entity(
                "IfcAxis2Placement3D",
                self.point(frame.x, frame.y, frame.z),
                self.direction(*axis) if axis else None,
                self.direction(*ref) if ref else None,
            )
        return self._cache[key]

    def placement(self, frame: Frame, container: str | None) -> Entity:
        """A local placement in the container's storey (or the site), from a frame in the model's frame."""
        base = self._base_key(container)
        lower = Frame(
            frame.x, frame.y, frame.z - self._elevations[base], frame.turn_deg, frame.axis, frame.ref
        )
        parent = self.containers[base].ObjectPlacement
        return self.file.create_entity("IfcLocalPlacement", parent, self.axes(lower))

    def _base_key(self, container: str | None) -> str:
        base = (container or "site").partition(".")[0]
        if base not in self._elevations:
            raise WriterError(f"unknown container {container!r}: use 'site', a storey key or a space key")
        return base

    # -- geometry ---------------------------------------------------------------------------------

    def item(self, part: Part) -> Entity:
        """A styled representation item of a part."""
        shape = part.shape
        item = self._extrusion(shape) if isinstance(shape, Extrusion) else self._mesh(shape)
        self.file.create_entity("IfcStyledItem", item, [self.style(part.finish)], None)
        return item

    def _extrusion(self, shape: Extrusion) -> Entity:
        outer = self._polyline(shape.outline)
        if shape.holes:
            inner = [self._polyline(hole) for hole in shape.holes]
            profile = self.file.create_entity("IfcArbitraryProfileDefWithVoids", "AREA", None, outer, inner)
        else:
            profile = self.file.create_entity("IfcArbitraryClosedProfileDef", "AREA", None, outer)
        up = self.direction(0, 0, 1)
        return self.file.create_entity(
            "IfcExtrudedAreaSolid", profile, self.axes(shape.frame), up, round(shape.depth, 4)
        )

    def _polyline(self, ring: Sequence[tuple[float, float]]) -> Entity:
        points = [self.point(x, y) for x, y in ring]
        return self.file.create_entity("IfcPolyline", [*points, points[0]])

    def _mesh(self, mesh: MeshLike) -> Entity:
        rows = [[round(float(v), 4) + 0.0 for v in p] for p in mesh.vertices]
        points = self.file.create_entity("IfcCartesianPointList3D", rows)
        faces = [[int(i) + 1 for i in face] for face in mesh.faces]
        if all(len(face) == 3 for face in faces):
            return self.file.create_entity("IfcTriangulatedFaceSet", points, None, None, faces)
        indexed = [self.file.create_entity("IfcIndexedPolygonalFace", face) for face in faces]
        return self.file.create_entity("IfcPolygonalFaceSet", points, None, indexed)

    def body(self, items: Sequence[Entity], kind: str, identifier: str = "Body") -> Entity:
        """An IfcShapeRepresentation in the body context."""
        return self.file.create_entity("IfcShapeRepresentation", self.body_context, identifier, kind, items)

    def _kind_of(self, parts: Sequence[Part]) -> str:
        solid = all(isinstance(p.shape, Extrusion) for p in parts)
        return "SweptSolid" if solid else "Tessellation" if not any(
            isinstance(p.shape, Extrusion) for p in parts) else "SolidModel"  # fmt: skip

    def style(self, finish: str) -> Entity:
        """The surface style of a finish; WriterError if the palette lacks it."""
        key = ("style", finish)
        if key not in self._cache:
            if finish not in PALETTE:
                raise WriterError(f"no finish {finish!r} in palette.PALETTE")
            look = PALETTE[finish]
            colour = self.file.create_entity("IfcColourRgb", None, *(round(c, 4) for c in look.rgb))
            rough = self.file.create_entity("IfcSpecularRoughness", look.roughness)
            shade = self.file.create_entity(
                "IfcSurfaceStyleRendering",
                colour,
                look.transparency,
                None,
                None,
                None,
                None,
                None,
                rough,
                look.method,
            )
            self._cache[key] = self.file.create_entity("IfcSurfaceStyle", finish, "BOTH", [shade])
        return self._cache[key]

    # -- products ----------------------------------------------------------------------------------

    def type(
        self,
        cls: str,
        key: str,
        name: str,
        parts: Sequence[Part] = (),
        *,
        predefined: str | None = None,
        name_en: str = "",
        psets: Psets | None = None,
        material: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> TypeHandle:
        """A type (`IfcDoorType`, ...) with a representation map, for `element(type=...)`.

        `parts` are in the type's own frame. `attributes` are further IFC attributes by name.
        """
        entity = self.file.create_entity(cls, GlobalId=self.guid(f"type/{key}"), Name=name)
        self._set(entity, predefined, {**REQUIRED.get(cls, {}), **(attributes or {})})
        source = None
        if parts:
            shape = self.body([self.item(p) for p in parts], self._kind_of(parts))
            source = self.file.create_entity("IfcRepresentationMap", self.axes(Frame(0, 0, 0)), shape)
            entity.RepresentationMaps = [source]
        sets = [self.pset(f"type/{key}", n, v) for n, v in self._with_name(psets, name_en).items()]
        if sets:
            entity.HasPropertySets = sets
        self._made_of(entity, material)
        occurrence = cls.removesuffix("Type").removesuffix("Style")
        return TypeHandle(entity, source, occurrence)

    def _set(self, entity: Entity, predefined: str | None, attributes: Mapping[str, Any] | None) -> None:
        if predefined:
            entity.PredefinedType = predefined
        elif is_a(entity, "IfcTypeProduct") and getattr(entity, "PredefinedType", "NONE") is None:
            entity.PredefinedType = "NOTDEFINED"
        for name, value in (attributes or {}).items():
            setattr(entity, name, value)

    @staticmethod
    def _with_name(psets: Psets | None, name_en: str) -> dict[str, Mapping[str, Value]]:
        sets = dict(psets or {})
        if name_en:
            sets["Venue_Common"] = {"NameEn": name_en, **sets.get("Venue_Common", {})}
        return sets

    def element(
        self,
        cls: str,
        key: str,
        name: str,
        at: Frame,
        container: str | None,
        *,
        type: TypeHandle | None = None,  # noqa: A002  (IFC's own word)
        parts: Sequence[Part] = (),
        predefined: str | None = None,
        object_type: str | None = None,
        tag: str | None = None,
        name_en: str = "",
        psets: Psets | None = None,
        material: str | None = None,
        scale: float = 1.0,
        attributes: Mapping[str, Any] | None = None,
        whole: Entity | None = None,
    ) -> Entity:
        """An element at a frame (model coordinates), contained in `site`, a storey or a space.

        Geometry: its type's, mapped (`scale` uniform), or `parts` in the element's own frame, or none. With
        `whole` it is a part of that element instead of being contained. `key` must be unique and stable.
        """
        entity = self.file.create_entity(cls, GlobalId=self.guid(f"element/{key}"), Name=name)
        entity.ObjectPlacement = self.placement(at, container)
        if tag is not None:
            entity.Tag = tag
        if object_type:
            entity.ObjectType = object_type
        self._set(entity, predefined, attributes)
        self._shape(entity, type, parts, scale)
        if type is not None:
            self._add(self._pending.typed, type.entity, entity)
        for set_name, values in self._with_name(psets, name_en).items():
            self.describe(entity, set_name, values)
        self._made_of(entity, material)
        self._hold(entity, container, whole)
        return entity

    def _hold(self, entity: Entity, container: str | None, whole: Entity | None) -> None:
        if whole is not None:
            self._add(self._pending.parts, whole, entity)
        elif container is not None and not is_a(entity, "IfcFeatureElement"):
            self._add(self._pending.contained, self.container(container), entity)

    def _shape(self, entity: Entity, handle: TypeHandle | None, parts: Sequence[Part], scale: float) -> None:
        if parts:
            shape = self.body([self.item(p) for p in parts], self._kind_of(parts))
        elif handle is not None and handle.source is not None:
            mapped = self.file.create_entity("IfcMappedItem", handle.source, self._operator(scale))
            shape = self.body([mapped], "MappedRepresentation")
        else:
            return
        entity.Representation = self.file.create_entity("IfcProductDefinitionShape", None, None, [shape])

    def _operator(self, scale: float) -> Entity:
        size = None if scale == 1.0 else round(scale, 4)
        return self._shared(
            "IfcCartesianTransformationOperator3D", None, None, self.point(0, 0, 0), size, None
        )

    def container(self, key: str) -> Entity:
        """The spatial entity of a key; WriterError if there is none."""
        if key not in self.containers:
            raise WriterError(f"unknown container {key!r}: use 'site', a storey key or a space key")
        return self.containers[key]

    # -- what is said about products ---------------------------------------------------------------

    def _add(self, table: dict[int, list[Entity]], head: Entity, member: Entity) -> None:
        self._entities[head.id()] = head
        table.setdefault(head.id(), []).append(member)

    def pset(self, owner: str, name: str, values: Mapping[str, Value]) -> Entity:
        """An IfcPropertySet owned by the entity of that key."""
        props = [
            self._shared("IfcPropertySingleValue", n, None, self.value(v), None) for n, v in values.items()
        ]
        return self.file.create_entity(
            "IfcPropertySet", self.guid(f"pset/{owner}/{name}"), None, name, None, props
        )

    def value(self, value: Value) -> Entity:
        """A value entity: bool, int, float, str by their kind, or (IFC measure, value)."""
        if isinstance(value, tuple):
            return self._shared(value[0], value[1])
        for kind, cls in ((bool, "IfcBoolean"), (int, "IfcInteger"), (float, "IfcReal")):
            if isinstance(value, kind):
                return self.file.create_entity(cls, value)
        return self._shared("IfcLabel", str(value))

    def describe(self, entity: Entity, name: str, values: Mapping[str, Value]) -> None:
        """Give an element a property set; equal sets are written once and shared."""
        key = ("pset", name, tuple(values.items()))
        if key not in self._cache:
            self._cache[key] = self.pset(f"shared/{len(self._cache)}", name, values)
        self._add(self._pending.described, self._cache[key], entity)

    def quantities(self, entity: Entity, name: str, **values: float) -> None:
        """Give an element base quantities: areas (`...Area`), volumes (`...Volume`), else lengths."""
        rows = []
        for key, value in values.items():
            kind = "Area" if key.endswith("Area") else "Volume" if key.endswith("Volume") else "Length"
            rows.append(self.file.create_entity(f"IfcQuantity{kind}", key, None, None, round(value, 3)))
        guid = self.guid(f"quantity/{entity.GlobalId}/{name}")
        head = self.file.create_entity("IfcElementQuantity", guid, None, name, None, None, rows)
        self._add(self._pending.described, head, entity)

    def material(self, name: str, category: str | None = None) -> Entity:
        """A shared IfcMaterial."""
        return self._shared("IfcMaterial", name, None, category)

    def layers(self, name: str, rows: Sequence[tuple[str, float]]) -> str:
        """Declare a layer set: (material name, thickness m); give its name to `material=`."""
        made = [
            self.file.create_entity("IfcMaterialLayer", self.material(m), thickness, None, m)
            for m, thickness in rows
        ]
        self._cache["material", name] = self.file.create_entity("IfcMaterialLayerSet", made, name)
        return name

    def _made_of(self, entity: Entity, material: str | None) -> None:
        if material is not None:
            head = self._cache.get(("material", material)) or self.material(material)
            self._add(self._pending.made_of, head, entity)

    def system(
        self, cls: str, key: str, name: str, predefined: str | None = None, name_en: str = ""
    ) -> Entity:
        """A group or system (`IfcDistributionSystem`, `IfcZone`) that serves the building."""
        entity = self.file.create_entity(cls, GlobalId=self.guid(f"system/{key}"), Name=name)
        if predefined:
            entity.PredefinedType = predefined
        if name_en:
            self.describe(entity, "Venue_Common", {"NameEn": name_en})
        if is_a(entity, "IfcSystem"):
            building = [self.containers["building"]]
            self.file.create_entity(
                "IfcRelServicesBuildings", self.guid(f"serves/{key}"), None, None, None, entity, building
            )
        return entity

    def assign(self, system: Entity, elements: Iterable[Entity]) -> None:
        """Make elements members of a system or group."""
        for element in elements:
            self._add(self._pending.grouped, system, element)

    def opening(self, host: Entity, key: str, at: Frame, container: str, part: Extrusion) -> Entity:
        """An opening that voids `host`."""
        entity = self.file.create_entity(
            "IfcOpeningElement", GlobalId=self.guid(f"opening/{key}"), Name="洞口", PredefinedType="OPENING"
        )
        entity.ObjectPlacement = self.placement(at, container)
        shape = self.body([self._extrusion(part)], "SweptSolid")
        entity.Representation = self.file.create_entity("IfcProductDefinitionShape", None, None, [shape])
        self.file.create_entity(
            "IfcRelVoidsElement", self.guid(f"voids/{key}"), None, None, None, host, entity
        )
        return entity

    def fill(self, opening: Entity, element: Entity, key: str) -> None:
        """Let a door or a window fill an opening."""
        self.file.create_entity(
            "IfcRelFillsElement", self.guid(f"fills/{key}"), None, None, None, opening, element
        )

    # -- the spatial tree --------------------------------------------------------------------------

    @cached_property
    def body_context(self) -> Entity:
        """The Model/Body subcontext."""
        model = self.file.create_entity(
            "IfcGeometricRepresentationContext",
            None,
            "Model",
            3,
            1e-5,
            self.axes(Frame(0, 0, 0)),
            self.direction(0, 1),
        )
        self._cache["context"] = model
        return self.file.create_entity(
            "IfcGeometricRepresentationSubContext",
            "Body",
            "Model",
            None,
            None,
            None,
            None,
            model,
            None,
            "MODEL_VIEW",
        )

    def _spatial_skeleton(self) -> None:
        project = self.file.create_entity("IfcProject", self.guid("project"))
        project.Name, project.LongName = "厦门第二工人文化宫", "厦门市第二工人文化宫数字孪生示范模型"
        project.UnitsInContext = self._units()
        _ = self.body_context
        project.RepresentationContexts = [self._cache["context"]]
        self._georeference()
        site = self._place("IfcSite", "site", "site", "场地", None, 0.0)
        site.RefLatitude, site.RefLongitude, site.RefElevation = (24, 29, 24, 0), (118, 6, 36, 0), 6.5
        site.CompositionType = "ELEMENT"
        building = self._place("IfcBuilding", "building", "building", "第二工人文化宫主楼", site, 0.0)
        building.CompositionType = "ELEMENT"
        self.describe(building, "Venue_Common", {"NameEn": "Second Workers' Cultural Palace"})
        storeys = [self._storey(s, building) for s in self.layout.storeys]
        for head, members in ((project, [site]), (site, [building]), (building, storeys)):
            self._aggregate(head, members)
        for spec in self.layout.spaces:
            self._space(spec)

    def _place(self, cls: str, key: str, base: str, name: str, parent: Entity | None, z: float) -> Entity:
        entity = self.file.create_entity(cls, GlobalId=self.guid(f"spatial/{key}"), Name=name)
        above = parent.ObjectPlacement if parent is not None else None
        entity.ObjectPlacement = self.file.create_entity(
            "IfcLocalPlacement", above, self.axes(Frame(0, 0, z))
        )
        self.containers[key] = entity
        self._elevations[base] = z
        return entity

    def _storey(self, spec: StoreySpec, building: Entity) -> Entity:
        storey = self._place("IfcBuildingStorey", spec.key, spec.key, spec.name_zh, building, spec.elevation)
        storey.Elevation, storey.CompositionType, storey.LongName = spec.elevation, "ELEMENT", spec.name_zh
        self.describe(storey, "Venue_Common", {"NameEn": spec.name_en})
        return storey

    def _space(self, spec: SpaceSpec) -> None:
        """An IfcSpace with body, footprint quantities and common properties, part of its storey."""
        entity = self.file.create_entity(
            "IfcSpace", GlobalId=self.guid(f"spatial/{spec.key}"), Name=spec.number
        )
        entity.LongName, entity.ObjectType, entity.CompositionType = spec.name_zh, spec.function, "ELEMENT"
        entity.PredefinedType = _space_kind(spec)
        entity.ObjectPlacement = self.placement(Frame(0, 0, spec.floor_z), spec.storey)
        item = self.item(Part(Extrusion(spec.polygon, spec.height), "space"))
        shape = self.body([item], "SweptSolid")
        entity.Representation = self.file.create_entity("IfcProductDefinitionShape", None, None, [shape])
        self.containers[spec.key] = entity
        self._add(self._pending.parts, self.containers[spec.storey], entity)
        self._space_facts(entity, spec)

    def _space_facts(self, entity: Entity, spec: SpaceSpec) -> None:
        self.describe(
            entity, "Venue_Common", {"NameEn": spec.name_en, "Capacity": spec.capacity, "Wing": spec.wing}
        )
        self.describe(
            entity,
            "Pset_SpaceCommon",
            {"Reference": spec.number, "IsExternal": spec.external, "PubliclyAccessible": spec.public,
             "HandicapAccessible": spec.function not in {"stair", "shaft", "ramp"}},
        )  # fmt: skip
        area, around = polygon_measures(spec.polygon)
        self.quantities(
            entity, "Qto_SpaceBaseQuantities", Height=spec.height, FinishCeilingHeight=spec.height,
            GrossPerimeter=around, NetFloorArea=area, GrossFloorArea=polygon_measures(spec.gross)[0],
            NetVolume=area * spec.height,
        )  # fmt: skip

    def _units(self) -> Entity:
        make = self.file.create_entity
        units = [make("IfcSIUnit", None, kind, None, name) for kind, name in
                 (("LENGTHUNIT", "METRE"), ("AREAUNIT", "SQUARE_METRE"), ("VOLUMEUNIT", "CUBIC_METRE"),
                  ("TIMEUNIT", "SECOND"), ("POWERUNIT", "WATT"), ("MASSUNIT", "GRAM"))]  # fmt: skip
        radian = make("IfcSIUnit", None, "PLANEANGLEUNIT", None, "RADIAN")
        factor = make("IfcMeasureWithUnit", make("IfcPlaneAngleMeasure", 0.017453292519943295), radian)
        exponents = make("IfcDimensionalExponents", 0, 0, 0, 0, 0, 0, 0)
        degree = make("IfcConversionBasedUnit", exponents, "PLANEANGLEUNIT", "DEGREE", factor)
        return make("IfcUnitAssignment", [*units, degree])

    def _georeference(self) -> None:
        """CGCS2000 / 3-degree Gauss-Kruger zone 39 (EPSG:4527): Xiamen lies beside its meridian, 117 E."""
        make = self.file.create_entity
        crs = make("IfcProjectedCRS", "EPSG:4527", "CGCS2000 / 3-degree Gauss-Kruger zone 39", "CGCS2000",
                   "1985 National Height Datum", "Gauss-Kruger", "39", None)  # fmt: skip
        make("IfcMapConversion", self._cache["context"], crs, 39612483.0, 2709705.0, 6.5, 1.0, 0.0, 1.0)

    # -- the end -----------------------------------------------------------------------------------

    def _aggregate(self, head: Entity, members: Sequence[Entity]) -> None:
        guid = self.guid(f"aggregates/{head.GlobalId}")
        self.file.create_entity("IfcRelAggregates", guid, None, None, None, head, members)

    def finish(self) -> ifcopenshell.file:
        """Write the collected relations; to be called once, last."""
        relate = self._relate
        for head, members in self._groups(self._pending.parts):
            self._aggregate(head, members)
        for head, members in self._groups(self._pending.contained):
            relate("IfcRelContainedInSpatialStructure", head, members, head)
        for head, members in self._groups(self._pending.typed):
            relate("IfcRelDefinesByType", head, members, head)
        for head, members in self._groups(self._pending.described):
            relate("IfcRelDefinesByProperties", head, members, head)
        for head, members in self._groups(self._pending.made_of):
            relate("IfcRelAssociatesMaterial", head, members, head)
        for head, members in self._groups(self._pending.grouped):
            guid = self.guid(f"group/{head.id()}")
            self.file.create_entity("IfcRelAssignsToGroup", guid, None, None, None, members, None, head)
        self._header()
        return self.file

    def _groups(self, table: dict[int, list[Entity]]) -> list[tuple[Entity, list[Entity]]]:
        return [(self._entities[key], members) for key, members in table.items()]

    def _relate(self, cls: str, head: Entity, members: Sequence[Entity], other: Entity) -> None:
        guid = self.guid(f"{cls}/{head.id()}")
        self.file.create_entity(cls, guid, None, None, None, members, other)

    def _header(self) -> None:
        name = self.file.header.file_name
        name.name, name.time_stamp = "palace.ifc", TIMESTAMP
        name.author, name.organization = ["Venue Twin"], ["Venue Twin"]
        name.preprocessor_version = name.originating_system = "Venue Twin palace generator 1"
        name.authorization = "none"
        self.file.header.file_description.description = ["ViewDefinition [ReferenceView_V1.2]"]


def is_a(entity: Entity, cls: str) -> bool:
    """Whether the entity is of that IFC class or of one derived from it."""
    return bool(entity.is_a(cls))  # type: ignore[no-untyped-call]


def polygon_measures(ring: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Area (m2) and perimeter (m) of a counter-clockwise ring."""
    pairs = list(zip(ring, [*ring[1:], ring[0]], strict=True))
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs) / 2
    return area, sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairs)


def _space_kind(spec: SpaceSpec) -> str:
    if spec.external:
        return "EXTERNAL"
    return "PARKING" if spec.function == "car_park" else "INTERNAL"


def guid_of(key: str) -> str:
    """The GlobalId that `IfcWriter` gives to a key: `element/...`, `type/...`, `spatial/...`."""
    return str(ifcopenshell.guid.compress(uuid.uuid5(NAMESPACE, key).hex))
