"""docs/adapters.md says what the file takes."""

import re
from pathlib import Path
from typing import get_args

import pytest

from telemetry_bridge.adapter_file import KINDS, parse_adapter_file
from telemetry_bridge.adapter_file_modbus import NumberType, Table
from telemetry_bridge.adapter_file_opcua import POLICIES
from telemetry_bridge.adapter_file_webhook import NOUNS
from telemetry_bridge.adapters.upkeep import Patience

DOC = Path(__file__).parents[2] / "docs" / "adapters.md"
TEXT = DOC.read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda text: text.split("id: ")[1].split(",")[0].split("\n")[0]
)
def test_every_example_is_a_file_that_is_taken(example: str) -> None:
    assert parse_adapter_file(example).entries


def test_every_kind_has_an_example() -> None:
    shown = {parse_adapter_file(each).entries[0].settings.kind for each in EXAMPLES}
    assert shown >= set(KINDS) - {"sparkplug"}
    assert "sparkplug" in TEXT


def test_words_and_numbers_are_those_of_the_code() -> None:
    for word in (
        *get_args(Table),
        *get_args(NumberType),
        *get_args(POLICIES),
        *(f"{each}." for each in NOUNS),
    ):
        assert f"`{word}`" in TEXT, word
    patience = Patience()
    assert (patience.first_s, patience.longest_s) == (0.5, 30.0)
    assert "after 0.5 s, 1 s, 2 s ... 30 s" in TEXT
