"""Small IFC models for tests, made with ifcopenshell: a house of two storeys, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.guid

MM = 1000.0


class House:
    """An IFC4 model in millimetres: walls, a door in an opening, a window, chairs, a space, a pump.

    `file` is the ifcopenshell file; products are kept by name, with guids that are the same in every run.
    """

    def __init__(self, chairs: int = 6, offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> None:
        self.file = ifcopenshell.file(schema="IFC4")
        self.products: dict[str, Any] = {}
        self._count = 0
        self._setup()
        self._structure(offset_m)
        self._fabric()
        self._chairs(chairs)
        self._extras()

    def write(self, path: Path) -> Path:
        """Write the model and give the path."""
        self.file.write(str(path))
        return path

    def guid(self) -> str:
        """Give the next guid."""
        self._count += 1
        return str(ifcopenshell.guid.compress(f"{self._count * 7919:032x}"))

    def make(self, kind: str, **attributes: Any) -> Any:
        """Make an entity."""
        return self.file.create_entity(kind, **attributes)

    def measure(self, kind: str, value: Any) -> Any:
        """Make a value of a defined type."""
        return self.file.create_entity(kind, value)

    def rooted(self, kind: str, name: str, **attributes: Any) -> Any:
        """Make a rooted entity with a guid, kept by name."""
        entity = self.make(kind, GlobalId=self.guid(), Name=name, **attributes)
        self.products[name] = entity
        return entity

    def placement(
        self, x: float, y: float, z: float, parent: Any = None, turn: Sequence[float] = (1, 0, 0)
    ) -> Any:
        """Make a local placement, m; `turn` is the direction of its x axis."""
        location = self.make("IfcCartesianPoint", Coordinates=(x * MM, y * MM, z * MM))
        axes = self.make(
            "IfcAxis2Placement3D",
            Location=location,
            Axis=self.make("IfcDirection", DirectionRatios=(0.0, 0.0, 1.0)),
            RefDirection=self.make("IfcDirection", DirectionRatios=tuple(float(t) for t in turn)),
        )
        return self.make("IfcLocalPlacement", PlacementRelTo=parent, RelativePlacement=axes)

    def box(self, width: float, depth: float, height: float, colour: Any = None) -> Any:
        """Make an extruded box, m, its corner at the origin; `colour` is a surface style."""
        centre = self.make("IfcCartesianPoint", Coordinates=(width / 2 * MM, depth / 2 * MM))
        profile = self.make(
            "IfcRectangleProfileDef",
            ProfileType="AREA",
            Position=self.make("IfcAxis2Placement2D", Location=centre),
            XDim=width * MM,
            YDim=depth * MM,
        )
        solid = self.make(
            "IfcExtrudedAreaSolid",
            SweptArea=profile,
            ExtrudedDirection=self.make("IfcDirection", DirectionRatios=(0.0, 0.0, 1.0)),
            Depth=height * MM,
        )
        if colour is not None:
            self.make("IfcStyledItem", Item=solid, Styles=[colour])
        return solid

    def shape(self, items: Sequence[Any], kind: str = "SweptSolid", context: Any = None) -> Any:
        """Make a product shape of items."""
        body = self.make(
            "IfcShapeRepresentation",
            ContextOfItems=context or self.body,
            RepresentationIdentifier="Body",
            RepresentationType=kind,
            Items=list(items),
        )
        return self.make("IfcProductDefinitionShape", Representations=[body])

    def style(self, name: str, red: float, green: float, blue: float, transparency: float = 0.0) -> Any:
        """Make a surface style, sRGB 0..1."""
        rgb = self.make("IfcColourRgb", Red=red, Green=green, Blue=blue)
        rendering = self.make(
            "IfcSurfaceStyleRendering",
            SurfaceColour=rgb,
            Transparency=transparency,
            ReflectanceMethod="NOTDEFINED",
        )
        return self.make("IfcSurfaceStyle", Name=name, Side="BOTH", Styles=[rendering])

    def pset(self, product: Any, name: str, values: dict[str, Any]) -> None:
        """Give a product a property set; values are IFC measures."""
        properties = [
            self.make("IfcPropertySingleValue", Name=key, NominalValue=value) for key, value in values.items()
        ]
        pset = self.make("IfcPropertySet", GlobalId=self.guid(), Name=name, HasProperties=properties)
        self.make(
            "IfcRelDefinesByProperties",
            GlobalId=self.guid(),
            RelatedObjects=[product],
            RelatingPropertyDefinition=pset,
        )

    def contain(self, storey: str, *products: Any) -> None:
        """Put products on a storey."""
        self.make(
            "IfcRelContainedInSpatialStructure",
            GlobalId=self.guid(),
            RelatedElements=list(products),
            RelatingStructure=self.products[storey],
        )

    def aggregate(self, whole: Any, *parts: Any) -> None:
        """Make parts of a whole."""
        self.make("IfcRelAggregates", GlobalId=self.guid(), RelatingObject=whole, RelatedObjects=list(parts))

    def _setup(self) -> None:
        units = [
            self.make("IfcSIUnit", UnitType="LENGTHUNIT", Prefix="MILLI", Name="METRE"),
            self.make("IfcSIUnit", UnitType="AREAUNIT", Name="SQUARE_METRE"),
            self.make("IfcSIUnit", UnitType="POWERUNIT", Prefix="KILO", Name="WATT"),
        ]
        origin = self.make(
            "IfcAxis2Placement3D", Location=self.make("IfcCartesianPoint", Coordinates=(0.0, 0.0, 0.0))
        )
        self.model = self.make(
            "IfcGeometricRepresentationContext",
            ContextType="Model",
            CoordinateSpaceDimension=3,
            WorldCoordinateSystem=origin,
        )
        self.body = self.make(
            "IfcGeometricRepresentationSubContext",
            ContextIdentifier="Body",
            ContextType="Model",
            ParentContext=self.model,
            TargetView="MODEL_VIEW",
        )
        self.project = self.make(
            "IfcProject",
            GlobalId=self.guid(),
            Name="House",
            RepresentationContexts=[self.model],
            UnitsInContext=self.make("IfcUnitAssignment", Units=units),
        )

    def _structure(self, offset_m: tuple[float, float, float]) -> None:
        site = self.rooted("IfcSite", "site", ObjectPlacement=self.placement(*offset_m))
        building = self.rooted(
            "IfcBuilding", "building", ObjectPlacement=self.placement(0, 0, 0, site.ObjectPlacement)
        )
        ground = self.rooted(
            "IfcBuildingStorey", "ground", ObjectPlacement=self.placement(0, 0, 0, building.ObjectPlacement)
        )
        upper = self.rooted(
            "IfcBuildingStorey", "upper", ObjectPlacement=self.placement(0, 0, 3, building.ObjectPlacement)
        )
        self.aggregate(self.project, site)
        self.aggregate(site, building)
        self.aggregate(building, ground, upper)

    def _fabric(self) -> None:
        ground, upper = self.products["ground"].ObjectPlacement, self.products["upper"].ObjectPlacement
        slab = self.rooted(
            "IfcSlab",
            "slab",
            ObjectPlacement=self.placement(0, 0, -0.2, ground),
            Representation=self.shape([self.box(10, 8, 0.2)]),
        )
        wall = self.rooted(
            "IfcWall",
            "wall",
            ObjectPlacement=self.placement(0, 0, 0, ground),
            Representation=self.shape([self.box(10, 0.3, 3)]),
        )
        opening = self.make(
            "IfcOpeningElement",
            GlobalId=self.guid(),
            ObjectPlacement=self.placement(4, -0.1, 0, wall.ObjectPlacement),
            Representation=self.shape([self.box(1, 0.5, 2.1)]),
        )
        self.make(
            "IfcRelVoidsElement",
            GlobalId=self.guid(),
            RelatingBuildingElement=wall,
            RelatedOpeningElement=opening,
        )
        door = self.rooted(
            "IfcDoor",
            "door",
            ObjectPlacement=self.placement(4, 0.1, 0, ground),
            Representation=self.shape([self.box(1, 0.05, 2.1)]),
            OverallWidth=1000.0,
            OverallHeight=2100.0,
            Tag="D-1",
        )
        self.make(
            "IfcRelFillsElement",
            GlobalId=self.guid(),
            RelatingOpeningElement=opening,
            RelatedBuildingElement=door,
        )
        glass = self.style("Clear glass", 0.5, 0.75, 1.0, transparency=0.6)
        window = self.rooted(
            "IfcWindow",
            "window",
            ObjectPlacement=self.placement(1, 0, 1, upper),
            Representation=self.shape([self.box(1.2, 0.1, 1.2, glass)]),
        )
        self.contain("ground", slab, wall, door)
        self.contain("upper", window)

    def _chairs(self, count: int) -> None:
        red = self.style("Red steel", 1.0, 0.0, 0.0)
        parts = [self.box(0.02 + 0.4 / (i + 1), 0.5, 0.02 * (i + 1), red) for i in range(60)]
        mapped = self.make(
            "IfcShapeRepresentation",
            ContextOfItems=self.body,
            RepresentationIdentifier="Body",
            RepresentationType="SweptSolid",
            Items=parts,
        )
        origin = self.make(
            "IfcAxis2Placement3D", Location=self.make("IfcCartesianPoint", Coordinates=(0.0, 0.0, 0.0))
        )
        source = self.make("IfcRepresentationMap", MappingOrigin=origin, MappedRepresentation=mapped)
        kind = self.make(
            "IfcFurnitureType",
            GlobalId=self.guid(),
            Name="Chair",
            AssemblyPlace="SITE",
            PredefinedType="CHAIR",
            RepresentationMaps=[source],
        )
        chairs = [self._chair(i, source) for i in range(count)]
        if chairs:
            self.make("IfcRelDefinesByType", GlobalId=self.guid(), RelatedObjects=chairs, RelatingType=kind)
            self.contain("ground", *chairs)

    def _chair(self, number: int, source: Any) -> Any:
        target = self.make(
            "IfcCartesianTransformationOperator3D",
            LocalOrigin=self.make("IfcCartesianPoint", Coordinates=(0.0, 0.0, 0.0)),
        )
        item = self.make("IfcMappedItem", MappingSource=source, MappingTarget=target)
        turn = (0.0, 1.0, 0.0) if number % 2 else (0.6, 0.8, 0.0)
        return self.rooted(
            "IfcFurniture",
            f"chair {number}",
            ObjectPlacement=self.placement(1 + number, 4, 0, self.products["ground"].ObjectPlacement, turn),
            Representation=self.shape([item], "MappedRepresentation"),
        )

    def _extras(self) -> None:
        ground = self.products["ground"].ObjectPlacement
        space = self.rooted(
            "IfcSpace",
            "hall",
            LongName="羽毛球馆",
            ObjectType="badminton_hall",
            ObjectPlacement=self.placement(0, 0.3, 0, ground),
            Representation=self.shape([self.box(10, 7.7, 2.8)]),
        )
        self.aggregate(self.products["ground"], space)
        self.pset(space, "Venue", {"NameEn": self.measure("IfcLabel", "Badminton hall")})
        pump = self.rooted(
            "IfcPump",
            "pump",
            ObjectPlacement=self.placement(9, 7, 0, ground),
            Representation=self.shape([self.box(0.3, 0.3, 0.4)]),
            PredefinedType="USERDEFINED",
            ObjectType="booster",
        )
        self.contain("ground", pump)
        self.pset(
            pump,
            "Pset_Pump",
            {
                "Depth": self.measure("IfcLengthMeasure", 2500.0),
                "Power": self.measure("IfcPowerMeasure", 1.5),
            },
        )
        system = self.make(
            "IfcDistributionSystem", GlobalId=self.guid(), Name="Heating", PredefinedType="HEATING"
        )
        self.make("IfcRelAssignsToGroup", GlobalId=self.guid(), RelatedObjects=[pump], RelatingGroup=system)
        self._materials()

    def _materials(self) -> None:
        layers = [
            self.make(
                "IfcMaterialLayer", Material=self.make("IfcMaterial", Name=name), LayerThickness=thickness
            )
            for name, thickness in (("Brick", 200.0), ("Plaster", 15.0))
        ]
        self.make(
            "IfcRelAssociatesMaterial",
            GlobalId=self.guid(),
            RelatedObjects=[self.products["wall"]],
            RelatingMaterial=self.make("IfcMaterialLayerSet", MaterialLayers=layers),
        )
        source = self.make("IfcClassification", Name="Uniclass 2015")
        reference = self.make(
            "IfcClassificationReference", Identification="Ss_25", Name="Wall systems", ReferencedSource=source
        )
        self.make(
            "IfcRelAssociatesClassification",
            GlobalId=self.guid(),
            RelatedObjects=[self.products["wall"]],
            RelatingClassification=reference,
        )
