"""Registries from files, with every fault named, and from a model."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.errors import RegistryError
from telemetry_bridge.registry import ModelElement, derive_registry, is_device_class, load_registry

TYPES = """\
lamp:
  name: {zh: 灯, en: Lamp}
  ifc_class: IfcLightFixture
  brick: Luminaire
  points:
    - name: switch
      label: {zh: 开关, en: Switch}
      class: On_Off_Status
      states: [{key: off, zh: 关, en: "Off"}, {key: on, zh: 开, en: "On"}]
      writable: true
      period_s: 30
    - {name: power, class: Active_Power_Sensor, unit: kW, range: [0, 2]}
meter:
  points:
    - {name: energy, unit: kWh, range: [0, null]}
"""
DEVICES = """\
device,type,name_zh,name_en,guid,tag,rated_kw,circuit
L-2,lamp,灯二,Lamp two,,T-2,0.2,
L-1,lamp,灯一,Lamp one,2XQ$n5SLP5MBLyL442paFx,T-1,,C7
"""


def files(folder: Path, types: str = TYPES, devices: str = DEVICES) -> tuple[Path, Path]:
    (folder / "device_types.yaml").write_text(types, "utf-8")
    (folder / "devices.csv").write_text(devices, "utf-8")
    return folder / "device_types.yaml", folder / "devices.csv"


def faults(folder: Path, types: str = TYPES, devices: str = DEVICES) -> list[str]:
    with pytest.raises(RegistryError) as caught:
        load_registry(*files(folder, types, devices))
    return [str(fault) for fault in caught.value.faults]


def test_a_venue_is_read(tmp_path: Path) -> None:
    venue = load_registry(*files(tmp_path))
    assert [point.key for point in venue.points] == ["L-1/power", "L-1/switch", "L-2/power", "L-2/switch"]
    lamp = venue.devices["L-1"]
    assert (lamp.guid, lamp.tag, lamp.label.zh, lamp.label.en) == (
        "2XQ$n5SLP5MBLyL442paFx",
        "T-1",
        "灯一",
        "Lamp one",
    )
    assert dict(lamp.attributes) == {"circuit": "C7"}
    assert venue.devices["L-2"].guid is None
    switch = venue.points[1]
    assert [state.key for state in switch.states] == ["off", "on"]
    assert (switch.range, switch.writable, switch.period_s) == ((0, 1), True, 30)
    assert switch.type.label.en == "Switch"
    assert venue.types["meter"].points[0].high == float("inf")
    assert (venue.types["lamp"].ifc_class, venue.types["lamp"].brick_class) == (
        "IfcLightFixture",
        "Luminaire",
    )


def test_a_spreadsheets_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert set(load_registry(*files(tmp_path, devices="\ufeff" + DEVICES)).devices) == {"L-1", "L-2"}


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ("unit: kW,", "unit: kW, colour: red,", 12, "colour"),
        ("range: [0, 2]", "range: [2, 0]", 12, "range"),
        ("range: [0, 2]", "range: [a, 2]", 12, "range"),
        ("range: [0, 2]", "range: [.nan, 2]", 12, "range"),
        ("period_s: 30", "period_s: 0", 11, "period_s"),
        ("name: power", "name: a/b", 12, "name"),
        ("name: power", "name: switch", 1, "switch"),
        ("key: on,", "key: off,", 6, "same key"),
        ("writable: true", "writable: perhaps", 10, "writable"),
        ("meter:", "lamp:", 13, "lamp"),
        ("  brick: Luminaire", "  brick: [", 5, "not YAML"),
        ("  name: {zh: 灯, en: Lamp}", "  name: Lamp", 2, "name"),
    ],
)
def test_a_fault_in_the_types_names_its_line(
    tmp_path: Path, old: str, new: str, line: int, word: str
) -> None:
    assert old in TYPES
    first = faults(tmp_path, types=TYPES.replace(old, new))[0]
    assert word in first
    where = first.split(": ")[0]
    assert where in (f"device_types.yaml:{line}", f"device_types.yaml:{line + 1}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a\n",
        "3\n",
        "lamp\n",
        "a: &x [*x]\n",
        "[" * 300_000,
        "- " * 100_000,
        "a: &x {b: *x}\n",
        "a: 2026-13-45\n",
        "{1: 2}: 3\n",
        "a: !!python/none\n",
        "\0",
    ],
)
def test_a_file_of_another_kind_is_a_fault(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, types=text)[0].startswith("device_types.yaml")


def test_all_faults_of_the_devices_are_collected(tmp_path: Path) -> None:
    rows = [
        "device,type,guid",
        "a,lamp,",
        "a,lamp,",
        "b,boiler,",
        "c/d,stove,",
        "e,lamp",
        "f,lamp,,too,many",
        '"g",lamp,',
    ]
    found = faults(tmp_path, devices="\n".join(rows) + "\n")
    assert [fault.split(": ")[0] for fault in found] == [f"devices.csv:{line}" for line in (3, 4, 5, 5, 6, 7)]
    assert "line 2" in found[0]
    assert "'boiler'" in found[1]


def test_missing_columns_and_broken_quotes(tmp_path: Path) -> None:
    assert "columns missing: type" in faults(tmp_path, devices="device\nx\n")[0]
    assert "columns missing" in faults(tmp_path, devices="")[0]
    assert "not CSV" in faults(tmp_path, devices='device,type\n"x"y,lamp\n')[0]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    types, devices = files(tmp_path)
    devices.write_bytes(b"device,type\n\xff\xfe,lamp\n")
    with pytest.raises(RegistryError, match="UTF-8"):
        load_registry(types, devices)
    devices.unlink()
    with pytest.raises(RegistryError, match="no such file"):
        load_registry(types, devices)
    devices.mkdir()
    with pytest.raises(RegistryError, match="cannot be read"):
        load_registry(types, devices)


def test_more_than_ten_faults_are_counted(tmp_path: Path) -> None:
    devices = "device,type\n" + "".join(f"d{row},none\n" for row in range(25))
    with pytest.raises(RegistryError, match="and 15 more") as caught:
        load_registry(*files(tmp_path, devices=devices))
    assert len(caught.value.faults) == 25


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_a_registry_or_a_registry_error(
    tmp_path_factory: pytest.TempPathFactory, types: str, devices: str
) -> None:
    folder = tmp_path_factory.mktemp("venue")
    text = types.encode("utf-8", "surrogateescape")
    (folder / "t.yaml").write_bytes(text)
    (folder / "d.csv").write_bytes(devices.encode("utf-8", "surrogateescape"))
    with contextlib.suppress(RegistryError):
        load_registry(folder / "t.yaml", folder / "d.csv")


def test_a_model_alone_gives_devices() -> None:
    venue = derive_registry(
        [
            ModelElement("g-wall", "IfcWall"),
            ModelElement("g-room", "IfcSpace", None, "", "101", "Library"),
            ModelElement("g-lamp", "IfcLightFixture", "POINTSOURCE", "L-7"),
            ModelElement("g-twin-1", "IfcPump", None, "P"),
            ModelElement("g-twin-2", "IfcPump", None, "P"),
            ModelElement("g-odd", "IfcSensor", "CO2SENSOR", "a/b"),
            ModelElement("g-any", "IfcSensor", "WINDSENSOR", ""),
            ModelElement("g-old", "IfcFlowTerminal"),
            ModelElement("g-2x3", "IfcFlowTerminal", None, "", "", "", "IfcLightFixtureType"),
            ModelElement("g-own", "IfcFlowTerminal", None, "", "", "", "IfcFurnitureType"),
        ]
    )
    assert sorted(venue.devices) == sorted(
        ["g-room", "L-7", "g-twin-1", "g-twin-2", "g-odd", "g-any", "g-old", "g-2x3", "g-own"]
    )
    assert venue.devices["L-7"].guid == "g-lamp"
    assert [point.name for point in venue.points_of("g-room")] == [
        "co2",
        "humidity",
        "occupancy",
        "temperature",
    ]
    assert [point.name for point in venue.points_of("g-odd")] == ["co2"]
    assert [point.name for point in venue.points_of("g-any")] == ["value"]
    types = {device: venue.devices[device].type for device in ("g-old", "g-2x3", "g-own")}
    assert types == {"g-old": "equipment", "g-2x3": "luminaire", "g-own": "equipment"}
    assert venue.devices["g-room"].label.en == "Library"


@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4", "IFC4X3_ADD2"])
def test_every_distribution_element_has_a_default_type(schema: str) -> None:
    wrapper = pytest.importorskip("ifcopenshell.ifcopenshell_wrapper")
    waiting = [wrapper.schema_by_name(schema).declaration_by_name("IfcDistributionElement")]
    names = []
    while waiting:
        declaration = waiting.pop()
        names.append(declaration.name())
        waiting.extend(declaration.subtypes())
    assert len(names) > 10
    assert [name for name in names if not is_device_class(name)] == []
    assert not is_device_class("IfcWall")
