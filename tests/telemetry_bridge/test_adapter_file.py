"""`adapters.yaml`: what is read, and that every fault names its line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.adapter_file import AdapterFile, load_adapter_file, parse_adapter_file
from telemetry_bridge.adapter_file_modbus import ModbusSettings
from telemetry_bridge.adapter_file_parts import PointRef, secret_of
from telemetry_bridge.errors import AdapterError, AdapterFileError, Fault
from tests.telemetry_bridge.builders import registry

PLANT = """
adapters:
  - id: plant
    kind: modbus
    host: 10.0.3.20
    word_order: little
    groups: {fast: 1}
    maps:
      room:
        - {point: temperature, address: 0, type: int16, scale: 0.1, group: fast}
        - {point: mode, address: 4, states: {0: off, 1: on}, writable: true, write: {address: 20}}
    devices:
      - {device: r1, map: room, unit: 3, base: 100}
      - {device: r2, map: room, unit: 4}
    points:
      - {device: l1, point: switch, table: coil, address: 7, byte_order: little}
  - id: spare
    kind: mqtt
    enabled: false
    url: mqtts://broker:8883
    username: keeper
    password_env: BROKER_PASSWORD
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(AdapterFileError) as caught:
        parse_adapter_file(text)
    return [str(fault) for fault in caught.value.faults]


def test_maps_are_laid_out_for_every_device() -> None:
    file = parse_adapter_file(PLANT)
    plant = file.entries[0].settings
    assert isinstance(plant, ModbusSettings)
    found = {each.ref.key: each for each in plant.registers()}
    assert sorted(found) == ["l1/switch", "r1/mode", "r1/temperature", "r2/mode", "r2/temperature"]
    temperature, mode, switch = found["r1/temperature"], found["r1/mode"], found["l1/switch"]
    assert (temperature.unit, temperature.address, temperature.group) == (3, 100, "fast")
    assert (temperature.word_order, temperature.byte_order) == ("little", "big")
    assert (mode.address, mode.write_address, mode.writable) == (104, 120, True)
    assert mode.conversion.states == {0: "off", 1: "on"}
    assert (switch.unit, switch.byte_order, switch.width) == (1, "little", 1)
    assert found["r2/mode"].write_address == 20
    assert plant.periods_s() == {"default": 10.0, "fast": 1.0}
    assert not file.entries[1].settings.enabled


def test_points_that_the_venue_lacks_are_named_with_their_line() -> None:
    file = parse_adapter_file(PLANT.replace("device: r2,", "device: r9,"))
    assert file.unknown_points(file.entries[0], registry()) == [
        "adapters.yaml:14: the venue has no point r9/temperature",
        "adapters.yaml:14: the venue has no point r9/mode",
    ]


def test_points_that_are_asked_for_too_seldom_are_named() -> None:
    points = "[{device: r1, point: mode, address: 1}]"
    slow = f"- {{id: p, kind: modbus, host: h, groups: {{default: 200}}, points: {points}}}"
    file = parse_adapter_file(slow)
    (note,) = file.slow_points(file.entries[0], registry())
    assert note == (
        "adapters.yaml:1: r1/mode is asked for every 200 s, and stale after 180 s; ask more often, or raise "
        "its period_s in device_types.yaml"
    )
    file = parse_adapter_file(slow.replace("200", "180"))
    assert file.slow_points(file.entries[0], registry()) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("host: 10.0.3.20", "hots: 10.0.3.20", "5: hots: no such setting; is it misspelt?"),
        ("    host: 10.0.3.20\n", "", "3: host: is missing"),
        ("kind: modbus", "kind: modbuss", "4: kind: 'modbuss' is none of"),
        ("id: plant", "id: Plant 1", "3: id: String should match pattern"),
        ("groups: {fast: 1}", "groups: {fast: 0}", "7: groups.fast: Input should be greater than 0"),
        ("group: fast}", "group: quick}", "10: group: no group 'quick'"),
        ("address: 0,", "address: 70000,", "10: maps.room.0.address: Input should be less than or equal"),
        ("type: int16, scale", "type: int12, scale", "10: maps.room.0.type: Input should be"),
        ("scale: 0.1", "scale: 0", "10: scale: 0 makes every value the same"),
        ("base: 100", "base: 65533", "13: mode ends after address 65535"),
        ("map: room, unit: 3", "map: hall, unit: 3", "13: no map 'hall'; there is room"),
        ("table: coil,", "table: coil, bit: 3,", "16: a coil is one bit"),
        (
            "table: coil,",
            "table: discrete, writable: true,",
            "16: writable: a register of the table discrete",
        ),
        ("device: l1, point: switch", "device: r1, point: mode", "16: r1/mode"),
        ("id: spare", "id: plant", "17: the id plant is there already, on line 3"),
        ("mqtts://broker:8883", "mqtts://k:pw@broker:8883", "20: url: no password in the file"),
        ("mqtts://broker", "http://broker", "20: the MQTT address must look like"),
        ("    username: keeper\n", "", "21: username is missing"),
        ("BROKER_PASSWORD", "s3cret!", "22: password_env: String should match pattern"),
        ("kind: mqtt\n", "kind: mqtt\n    kind: mqtt\n", "19: kind is there twice"),
    ],
)
def test_each_fault_names_its_line(old: str, new: str, fault: str) -> None:
    text = PLANT.replace(old, new, 1)
    assert text != PLANT
    found = faults_of(text)
    assert any(each.startswith(f"adapters.yaml:{fault}") for each in found), found


def test_all_faults_are_told_at_once() -> None:
    text = PLANT.replace("address: 0,", "address: -1,").replace("kind: mqtt", "kind: mq")
    assert len(faults_of(text)) == 2


def test_one_point_has_one_source_unless_a_line_is_switched_off() -> None:
    other = PLANT.replace("adapters:", "").replace("id: plant", "id: other").split("  - id: spare")[0]
    found = faults_of(PLANT + other.lstrip("\n"))
    assert "r1/temperature is read already by plant, on line 13" in " ".join(found)
    parse_adapter_file(PLANT + other.lstrip("\n").replace("kind: modbus", "kind: modbus\n    enabled: false"))


@pytest.mark.parametrize("text", ["", "adapters:\n", "[]", "# nothing yet\n"])
def test_an_empty_file_has_no_adapters(text: str) -> None:
    assert parse_adapter_file(text).entries == ()


@pytest.mark.parametrize("text", ["plant: {kind: modbus}", "just text", "{a: [", "- 3\n"])
def test_what_is_no_list_of_adapters_is_refused(text: str) -> None:
    assert faults_of(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(AdapterFileError, match=r"none\.yaml: No such file"):
        load_adapter_file(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"- id: \xff")
    with pytest.raises(AdapterFileError, match="not UTF-8"):
        load_adapter_file(tmp_path / "latin.yaml")


def test_a_secret_comes_from_the_environment_or_is_missed() -> None:
    assert secret_of("NAME", {"NAME": "x"}) == "x"
    assert secret_of(None, {}) is None
    with pytest.raises(AdapterError, match="NAME is not set"):
        secret_of("NAME", {"NAME": ""})


def test_keys_of_points() -> None:
    assert PointRef("r1", "mode").key == "r1/mode"


DOC = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text("utf-8")
SEEDS = [PLANT, *re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)]
ODD = [
    "null",
    "[]",
    "{}",
    "-1",
    "1e999",
    "'",
    "*a",
    "&a",
    "!!python/none",
    "on",
    "$",
    "a: b",
    "\t",
    "\n",
    "x" * 300,
]


@given(st.sampled_from(SEEDS), st.data())
def test_whatever_is_written_is_read_or_refused_with_a_line(seed: str, data: st.DataObject) -> None:
    text = seed
    for _ in range(data.draw(st.integers(1, 4))):
        words = list(re.finditer(r"[^\s,{}\[\]:]+", text))
        word = data.draw(st.sampled_from(words))
        text = text[: word.start()] + data.draw(st.sampled_from(ODD)) + text[word.end() :]
    file, faults = AdapterFile(""), tuple[Fault, ...]()
    try:
        file = parse_adapter_file(text)
    except AdapterFileError as error:
        faults = error.faults
    assert all(str(fault).startswith("adapters.yaml") for fault in faults)
    for entry in file.entries:
        assert entry.line >= 1
        assert all(line >= entry.line for _, line in entry.named)
