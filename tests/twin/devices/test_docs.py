"""What the operations guide shows is what the server reads."""

import re
from pathlib import Path

import pytest

from twin.control.interlocks_file import parse_interlocks
from twin.devices.binding_rules import parse_binding_rules
from twin.devices.facts import TABLE_FIELDS

GUIDE = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")


def example(heading: str) -> str:
    """The first YAML block under a heading."""
    found = re.search(rf"^### {heading}$.*?^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def test_the_rules_of_bindings_are_read() -> None:
    asset, room = parse_binding_rules(example("Binding devices to the model"))
    assert (asset.by, asset.bind, room.by, room.within_m) == ("property", True, "nearest", 5.0)
    assert room.pattern is not None
    found = room.pattern.search("B1-18-LUM-0003")
    assert found is not None
    assert found["room"] == "B1-18"


def test_the_interlocks_are_read() -> None:
    storage, pumps, light = parse_interlocks(example("What may be commanded"))
    assert (storage.low, storage.high, pumps.in_maintenance) == (-50.0, 50.0, True)
    assert (light.during, light.low) == ("booked", 20.0)


@pytest.mark.parametrize("field", TABLE_FIELDS)
def test_every_column_of_a_table_is_named(field: str) -> None:
    assert f"`{field}`" in GUIDE
