from pathlib import Path

import pytest

from telemetry_bridge.errors import RegistryError
from twin.devices.binding_rules import DEFAULT_RULES, load_binding_rules, parse_binding_rules
from twin.errors import VenueError

GOOD = """
rules:
  - id: asset
    by: property
    property: [COBie_Component.BarCode, Identity Data.Mark]
    types: luminaire_*
    confidence: 0.95
    bind: true
  - id: in-room
    by: nearest
    pattern: '^(?P<room>[A-Z]\\d+-\\d+)-LUM'
    space: "{room}"
    position: "{x},{y},{z}"
    within_m: 3
    class: IfcLightFixture
"""


def test_rules_are_read_as_they_are_written() -> None:
    asset, room = parse_binding_rules(GOOD)
    assert asset.properties == (("COBie_Component", "BarCode"), ("Identity Data", "Mark"))
    assert (asset.types, asset.bind, asset.confidence) == (("luminaire_*",), True, 0.95)
    assert (room.by, room.classes, room.within_m, room.bind) == ("nearest", ("IfcLightFixture",), 3.0, False)
    assert room.pattern is not None
    assert room.pattern.search("L2-05-LUM-1") is not None


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("- id: a\n  by: guess\n", "bindings.yaml:2", "tag"),
        ("- id: a\n  by: tag\n  colour: red\n", "bindings.yaml:3", "Extra inputs"),
        ("- id: a\n  by: tag\n- id: a\n  by: name\n", "bindings.yaml:3", "there twice"),
        ("- id: a\n  by: property\n", "bindings.yaml:1", "by: property goes with"),
        ("- id: a\n  by: property\n  property: Mark\n", "bindings.yaml:3", "Set.Property"),
        ("- id: a\n  by: nearest\n", "bindings.yaml:1", "needs a space or a position"),
        ("- id: a\n  by: tag\n  space: R1\n", "bindings.yaml:1", "go with by: nearest"),
        ("- id: a\n  by: tag\n  pattern: '('\n", "bindings.yaml:3", "no regular expression"),
        ("- id: a\n  by: tag\n  key: '{device'\n", "bindings.yaml:3", "a brace is open"),
        ("- id: a\n  by: tag\n  key: '{device!r}'\n", "bindings.yaml:3", "without a format"),
        ("- id: a\n  by: tag\n  confidence: 2\n", "bindings.yaml:3", "less than or equal to 1"),
        ("rules:\n- id: A b\n  by: tag\n", "bindings.yaml:2", "pattern"),
        ("- [\n", "bindings.yaml:2", "not YAML"),
    ],
)
def test_each_fault_is_named_by_its_line(text: str, where: str, says: str) -> None:
    with pytest.raises(RegistryError) as caught:
        parse_binding_rules(text)
    (fault,) = caught.value.faults
    assert (fault.where, says in fault.message) == (where, True), fault


def test_without_a_file_there_are_guesses_and_nothing_is_bound(tmp_path: Path) -> None:
    assert load_binding_rules(None) == load_binding_rules(tmp_path) == DEFAULT_RULES
    assert not any(rule.bind for rule in DEFAULT_RULES)
    (tmp_path / "bindings.yaml").write_text("")
    assert load_binding_rules(tmp_path) == ()
    (tmp_path / "bindings.yaml").write_text("- 1\n")
    with pytest.raises(VenueError, match=r"bindings\.yaml:1"):
        load_binding_rules(tmp_path)
