"""A house of two storeys with rooms, walls, doors and lamps, by ifcopenshell; and its venue folder."""

import uuid
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.guid

WALL_M = 0.2
STOREY_M = 3.0

Box = tuple[float, float, float, float, float, float]
"""x, y, z of the lower corner, then the size; m."""

VENUE = {
    "venue.yaml": """
id: small
name: {zh: 小楼, en: Small house}
timezone: Asia/Shanghai
location: {latitude: 24.49, longitude: 118.11}
opening_hours: {mon: [["08:00", "22:00"]]}
""",
    "device_types.yaml": """
lamp:
  name: {zh: 灯, en: Lamp}
  ifc_class: IfcLightFixture
  brick: Luminaire
  points:
    - name: status
      class: On_Off_Status
      states:
        - {key: "off", zh: 关, en: "Off"}
        - {key: "on", zh: 开, en: "On"}
        - {key: fault, zh: 故障, en: Fault}
      unit: "1"
      range: [0, 2]
      period_s: 30
    - {name: level, class: Lighting_Level_Command, unit: "%", range: [0, 100], writable: true, period_s: 60}
room_sensor:
  name: {zh: 温度, en: Room sensor}
  ifc_class: IfcSpace
  brick: Sensor
  points:
    - {name: temperature, class: Zone_Air_Temperature_Sensor, unit: degC, range: [-20, 60], period_s: 60}
""",
    "layers.yaml": """
- id: devices
  name: {zh: 设备, en: Devices}
  default: true
  rules:
    - {point_class: On_Off_Status, paint: element, states: {0: "#a0a0a0", 1: "#f4b63f", 2: "#c8321e"}}
- id: temperature
  name: {zh: 温度, en: Temperature}
  rules:
    - point_class: Zone_Air_Temperature_Sensor
      paint: space
      ramp: {unit: degC, stops: [[18, "#2f62a8"], [32, "#bc3b26"]]}
""",
    "cameras.yaml": "L-01: {position: [1, 1, 2.5], yaw_deg: 90, pitch_deg: -20, fov_deg: 80, range_m: 12}\n",
    "pois.yaml": """
- {id: hall, name: {zh: 大厅, en: Hall}, kind: hall, space: R1}
- {id: corner, name: {zh: 角落, en: Corner}, kind: view, position: [5, 1, 1]}
""",
}


def guid_of(name: str) -> str:
    """The same GlobalId for the same name, each time."""
    guid: str = ifcopenshell.guid.compress(uuid.uuid5(uuid.NAMESPACE_URL, name).hex)
    return guid


class SmallHouse:
    """Writes the house; `guid_of` gives the guid of each of its parts by name."""

    def __init__(self) -> None:
        self.file = ifcopenshell.file(schema="IFC4")
        self._context = self._units_and_context()

    def write(self, path: Path) -> Path:
        """Write the file."""
        site = self._spatial("IfcSite", "Site", None)
        building = self._spatial("IfcBuilding", "House", site)
        for number in (0, 1):
            self._storey(building, number)
        self.file.write(str(path))
        return path

    def _units_and_context(self) -> Any:
        create = self.file.create_entity
        metre = create("IfcSIUnit", UnitType="LENGTHUNIT", Name="METRE")
        units = create("IfcUnitAssignment", Units=[metre])
        context = create(
            "IfcGeometricRepresentationContext",
            ContextIdentifier="Body",
            ContextType="Model",
            CoordinateSpaceDimension=3,
            Precision=1e-5,
            WorldCoordinateSystem=self._axes((0.0, 0.0, 0.0)),
        )
        self._project = create(
            "IfcProject",
            GlobalId=guid_of("Project"),
            Name="Small",
            UnitsInContext=units,
            RepresentationContexts=[context],
        )
        return context

    def _axes(self, origin: tuple[float, float, float]) -> Any:
        point = self.file.create_entity("IfcCartesianPoint", Coordinates=origin)
        return self.file.create_entity("IfcAxis2Placement3D", Location=point)

    def _placement(self, origin: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Any:
        return self.file.create_entity("IfcLocalPlacement", RelativePlacement=self._axes(origin))

    def _spatial(self, kind: str, name: str, parent: Any, **attributes: Any) -> Any:
        made = self.file.create_entity(
            kind, GlobalId=guid_of(name), Name=name, ObjectPlacement=self._placement(), **attributes
        )
        self.file.create_entity(
            "IfcRelAggregates",
            GlobalId=guid_of(f"{name} in"),
            RelatingObject=parent or self._project,
            RelatedObjects=[made],
        )
        return made

    def _storey(self, building: Any, number: int) -> None:
        level, z = f"{number + 1}F", number * STOREY_M
        storey = self._spatial("IfcBuildingStorey", level, building, Elevation=z)
        storey.ObjectPlacement = self._placement((0.0, 0.0, z))
        inner = STOREY_M - WALL_M
        self._room(storey, f"R{number * 2 + 1}", "羽毛球馆", (0.0, 0.0, z, 6.0, 5.0, inner))
        if number == 0:
            self._room(storey, "R2", "办公室", (6.2, 0.0, z, 4.0, 5.0, inner))
        parts = [
            self._part("IfcSlab", f"Slab {level}", (-0.2, -0.2, z - WALL_M, 10.6, 5.4, WALL_M)),
            self._part("IfcWall", f"Wall south {level}", (-0.2, -0.2, z, 10.6, WALL_M, inner)),
            self._part("IfcWall", f"Wall middle {level}", (6.0, 0.0, z, WALL_M, 3.0, inner)),
            self._part("IfcDoor", f"Door {level}", (6.0, 3.5, z, WALL_M, 1.0, 2.1), OverallWidth=1.0),
            self._lamp(f"L-0{number + 1}", (3.0, 2.0, z + 2.5, 0.4, 0.4, 0.1)),
        ]
        self.file.create_entity(
            "IfcRelContainedInSpatialStructure",
            GlobalId=guid_of(f"{level} holds"),
            RelatingStructure=storey,
            RelatedElements=parts,
        )

    def _room(self, storey: Any, name: str, long_name: str, box: Box) -> None:
        room = self._spatial("IfcSpace", name, storey, LongName=long_name, ObjectType="badminton_hall")
        room.ObjectPlacement = self._placement(box[:3])
        room.Representation = self._body(box[3:])

    def _lamp(self, tag: str, box: Box) -> Any:
        lamp = self._part("IfcLightFixture", tag, box, Tag=tag)
        value = self.file.create_entity("IfcReal", 0.04)
        rated = self.file.create_entity("IfcPropertySingleValue", Name="RatedPower", NominalValue=value)
        group = self.file.create_entity(
            "IfcPropertySet", GlobalId=guid_of(f"{tag} set"), Name="Pset_Lamp", HasProperties=[rated]
        )
        self.file.create_entity(
            "IfcRelDefinesByProperties",
            GlobalId=guid_of(f"{tag} has"),
            RelatedObjects=[lamp],
            RelatingPropertyDefinition=group,
        )
        return lamp

    def _part(self, kind: str, name: str, box: Box, **attributes: Any) -> Any:
        return self.file.create_entity(
            kind,
            GlobalId=guid_of(name),
            Name=name,
            ObjectPlacement=self._placement(box[:3]),
            Representation=self._body(box[3:]),
            **attributes,
        )

    def _body(self, size: tuple[float, ...]) -> Any:
        create = self.file.create_entity
        centre = create("IfcCartesianPoint", Coordinates=(size[0] / 2, size[1] / 2))
        profile = create(
            "IfcRectangleProfileDef",
            ProfileType="AREA",
            Position=create("IfcAxis2Placement2D", Location=centre),
            XDim=size[0],
            YDim=size[1],
        )
        solid = create(
            "IfcExtrudedAreaSolid",
            SweptArea=profile,
            Position=self._axes((0.0, 0.0, 0.0)),
            ExtrudedDirection=create("IfcDirection", DirectionRatios=(0.0, 0.0, 1.0)),
            Depth=size[2],
        )
        shape = create(
            "IfcShapeRepresentation",
            ContextOfItems=self._context,
            RepresentationIdentifier="Body",
            RepresentationType="SweptSolid",
            Items=[solid],
        )
        return create("IfcProductDefinitionShape", Representations=[shape])


def write_venue(folder: Path) -> Path:
    """Write the venue folder of the house: two lamps and a room sensor."""
    folder.mkdir(parents=True)
    for name, text in VENUE.items():
        (folder / name).write_text(text, "utf-8")
    rows = [
        "device,type,name_zh,name_en,guid,tag,rated_kw",
        f"L-01,lamp,灯一,Lamp 1,{guid_of('L-01')},L-01,0.04",
        f"L-02,lamp,灯二,Lamp 2,{guid_of('L-02')},L-02,0.04",
        f"R1-T,room_sensor,室温,Room 1,{guid_of('R1')},,",
    ]
    (folder / "devices.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder
