"""What feeds what: ports joined in models made for the purpose, and in a real heating plant."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeAlias

import ifcopenshell
import ifcopenshell.guid
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bim_pipeline.build import build_package
from bim_pipeline.systems import Connection, read_connections, read_systems
from spatial.package import ModelPackage
from tests.bim_pipeline.models import House
from tests.bim_pipeline.test_build import contents

FILES = Path(__file__).parents[3] / "shared" / "ifc"
Schema: TypeAlias = Literal["IFC2X3", "IFC4"]
FLOWS = ("SOURCE", "SINK", "SOURCEANDSINK", "NOTDEFINED", None)


class Plant:
    """Elements with ports; their index is the order in which they were made."""

    def __init__(self, schema: Schema = "IFC4") -> None:
        self.file = ifcopenshell.file(schema=schema)
        self.index: dict[int, int] = {}
        self.elements: list[Any] = []

    def make(self, kind: str, **attributes: Any) -> Any:
        return self.file.create_entity(kind, GlobalId=ifcopenshell.guid.new(), **attributes)

    def element(self, kind: str = "IfcPipeSegment") -> Any:
        made = self.make(kind)
        self.index[made.id()] = len(self.elements)
        self.elements.append(made)
        return made

    def port(self, element: Any, flow: str | None, **attributes: Any) -> Any:
        port = self.make("IfcDistributionPort", FlowDirection=flow, **attributes)
        if self.file.schema == "IFC2X3":
            self.make("IfcRelConnectsPortToElement", RelatingPort=port, RelatedElement=element)
        else:
            self.make("IfcRelNests", RelatingObject=element, RelatedObjects=[port])
        return port

    def join(self, one: Any, other: Any, **attributes: Any) -> None:
        self.make("IfcRelConnectsPorts", RelatingPort=one, RelatedPort=other, **attributes)

    def group(self, kind: str, *members: Any, **attributes: Any) -> Any:
        group = self.make(kind, **attributes)
        if members:
            self.make("IfcRelAssignsToGroup", RelatingGroup=group, RelatedObjects=list(members))
        return group

    def connections(self) -> list[Connection]:
        return list(read_connections(self.file, self.index, read_systems(self.file, self.index)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("SOURCE", "SINK", (0, 1, "flow")),
        ("SINK", "SOURCE", (1, 0, "flow")),
        ("SOURCE", None, (0, 1, "flow")),
        ("NOTDEFINED", "SOURCE", (1, 0, "flow")),
        ("SINK", "SOURCEANDSINK", (1, 0, "flow")),
        ("SOURCE", "SOURCE", (0, 1, "link")),
        (None, None, (0, 1, "link")),
        ("SOURCEANDSINK", "SOURCEANDSINK", (0, 1, "link")),
    ],
)
@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4"])
def test_the_direction_is_what_the_ports_tell(
    schema: Schema, one: str | None, other: str | None, expected: tuple[int, int, str]
) -> None:
    plant = Plant(schema)
    kind = "IfcFlowSegment" if schema == "IFC2X3" else "IfcPipeSegment"
    first, second = plant.element(kind), plant.element(kind)
    plant.join(plant.port(first, one), plant.port(second, other))
    (found,) = plant.connections()
    assert (found.from_index, found.to_index, found.kind) == expected


@given(st.sampled_from(FLOWS), st.sampled_from(FLOWS))
def test_it_does_not_matter_which_port_is_named_first(one: str | None, other: str | None) -> None:
    found = []
    for swapped in (False, True):
        plant = Plant()
        ports = [plant.port(plant.element(), flow) for flow in (one, other)]
        plant.join(*(reversed(ports) if swapped else ports))
        found.append(plant.connections())
    assert found[0] == found[1]


def test_medium_and_system_come_with_a_connection() -> None:
    plant = Plant()
    pump, pipe, cable = plant.element("IfcPump"), plant.element(), plant.element("IfcCableSegment")
    plant.join(
        plant.port(pump, "SOURCE", SystemType="HEATING", PredefinedType="PIPE"), plant.port(pipe, "SINK")
    )
    plant.join(
        plant.port(cable, None, PredefinedType="CABLE"), plant.port(pump, None, SystemType="NOTDEFINED")
    )
    heating = plant.group("IfcDistributionSystem", pump, pipe, Name="Heating", PredefinedType="HEATING")
    (system,) = read_systems(plant.file, plant.index)
    assert (system.guid, system.members, system.predefined_type) == (heating.GlobalId, (0, 1), "HEATING")
    assert plant.connections() == [
        Connection(0, 1, "flow", "HEATING", system.system_index),
        Connection(0, 2, "link", "CABLE", -1),
    ]


def test_a_flow_goes_through_what_realizes_it_and_said_twice_is_once() -> None:
    plant = Plant()
    ends = [plant.element(), plant.element()]
    valve = plant.element("IfcValve")
    for _ in range(2):
        ports = plant.port(ends[0], "SOURCE"), plant.port(ends[1], "SINK")
        plant.join(*ports, RealizingElement=valve)
    assert [(c.from_index, c.to_index, c.kind) for c in plant.connections()] == [
        (0, 2, "flow"),
        (2, 1, "flow"),
    ]


def test_what_controls_a_flow_is_told_and_what_is_broken_left_out() -> None:
    plant = Plant()
    sensor, valve = plant.element("IfcSensor"), plant.element("IfcValve")
    plant.make("IfcRelFlowControlElements", RelatedControlElements=[sensor], RelatingFlowElement=valve)
    loose = plant.make("IfcDistributionPort", FlowDirection="SOURCE")
    plant.join(loose, plant.port(valve, "SINK"))
    plant.join(plant.port(valve, "SOURCE"), plant.port(valve, "SINK"))
    assert plant.connections() == [Connection(0, 1, "control")]


def test_groups_in_groups_hold_what_those_hold_and_loops_end() -> None:
    plant = Plant()
    pumps = [plant.element("IfcPump") for _ in range(2)]
    inner = plant.group("IfcSystem", pumps[0], Name="inner")
    outer = plant.group("IfcSystem", inner, pumps[1], Name="outer")
    plant.make("IfcRelAssignsToGroup", RelatingGroup=inner, RelatedObjects=[outer])
    zone = plant.group("IfcZone", Name="zone")
    plant.make("IfcRelAggregates", RelatingObject=zone, RelatedObjects=[inner])
    members = {system.name: system.members for system in read_systems(plant.file, plant.index)}
    assert members == {"inner": (0, 1), "outer": (0, 1), "zone": (0, 1)}


def test_the_catalogue_tells_whom_a_system_serves(tmp_path: Path) -> None:
    house = House()
    heating = house.file.by_type("IfcDistributionSystem")[0]
    storey = house.products["upper"]
    house.make(
        "IfcRelServicesBuildings", GlobalId=house.guid(), RelatingSystem=heating, RelatedBuildings=[storey]
    )
    for folder in ("a", "b"):
        build_package(house.write(tmp_path / "x.ifc"), tmp_path / folder, jobs=1)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    with ModelPackage.open(tmp_path / "a") as package:
        (system,) = package.systems
        assert [e.name for e in package.system_members(system.system_index)] == ["pump"]
        assert [e.guid for e in package.places_served(system.system_index)] == [storey.GlobalId]


def test_a_real_heating_plant_goes_round(tmp_path: Path) -> None:
    source = FILES / "hvac_heating.ifc"
    if not source.exists():
        pytest.skip(f"{source.name} is not here")
    build_package(source, tmp_path / "package", jobs=1)
    with ModelPackage.open(tmp_path / "package") as package:
        boilers = [e for e in package.iterate() if e.ifc_class == "IfcBoiler"]
        heaters = {e.guid for e in package.iterate() if e.ifc_class == "IfcSpaceHeater"}
        fed = {e.guid for boiler in boilers for e in package.downstream(boiler.guid)}
        assert heaters <= fed
        # The water comes back: what a boiler feeds, feeds it.
        for boiler in boilers:
            detail = package.detail(boiler.guid)
            assert detail.feeds
            assert detail.fed_by
            assert heaters <= {e.guid for e in package.upstream(boiler.guid)}
