from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.points import Device
from twin.devices.errors import DeviceFactsError
from twin.devices.facts import (
    TABLE_FIELDS,
    Facts,
    base_facts,
    facts_faults,
    is_under_warranty,
    merged,
    plate_facts,
    unusable_columns,
)
from twin.devices.ledger import Change, Entry, plan
from twin.devices.table_text import Line, parse_table, write_table

DEVICE = Device("L-01", "lamp", attributes={"manufacturer": "Acme", "rated_kw": "0.04"})


def test_the_files_say_first_then_the_model_then_what_people_wrote() -> None:
    base = base_facts(DEVICE, {"manufacturer": "Other", "model": "M5"})
    assert (base.manufacturer, base.model, base.serial) == ("Acme", "M5", "")
    written = merged(base, {"model": "M6", "serial": None})
    assert (written.manufacturer, written.model, written.serial) == ("Acme", "M6", "")


def test_a_column_that_can_be_no_fact_is_left_out_and_named() -> None:
    wrong = Device(
        "L-01", "lamp", attributes={"warranty_until": "31.12.2027", "note": "x" * 1001, "model": "M"}
    )
    base = base_facts(wrong, {"warranty_until": "2027-12-31"})
    assert base == Facts(model="M", warranty_until="2027-12-31")
    assert is_under_warranty(base_facts(wrong), date(2026, 1, 1)) is None
    date_fault, note_fault = unusable_columns(wrong)
    assert "2026-03-31, not '31.12.2027'" in date_fault
    assert "note is longer" in note_fault
    assert list(unusable_columns(DEVICE)) == []


def test_what_is_wrong_in_the_files_keeps_nobody_from_writing_something_else() -> None:
    base = {"L-01": Facts(installed="2026-02-02", warranty_until="2026-02-01")}
    (step,) = plan([Change("L-01", {"maintenance": "being mended"})], {}, base)
    assert step.told == {"maintenance": ("", "being mended")}
    with pytest.raises(DeviceFactsError, match="2026-01-01, before 2026-02-02"):
        plan([Change("L-01", {"warranty_until": "2026-01-01"})], {}, base)


def test_a_name_plate_of_the_model_gives_what_is_usable() -> None:
    values: dict[str, dict[str, Any]] = {
        "Pset_ManufacturerTypeInformation": {"Manufacturer": "Acme", "ModelLabel": "", "ModelReference": 5},
        "Pset_Warranty": {"WarrantyEndDate": "2027-01-31T00:00:00"},
        "Pset_ManufacturerOccurrence": {"SerialNumber": None},
    }
    assert plate_facts(values) == {"manufacturer": "Acme", "model": "5", "warranty_until": "2027-01-31"}
    assert plate_facts({"Pset_Warranty": {"WarrantyEndDate": "next year"}}) == {}


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (Facts(installed="2026-02-30"), "is a date"),
        (Facts(installed="20260228"), "is a date"),
        (Facts(manufacturer="x" * 201), "longer than 200"),
        (Facts(model="a\x00b"), "unprintable"),
        (Facts(installed="2026-02-02", warranty_until="2026-02-01"), "before 2026-02-02"),
    ],
)
def test_facts_that_cannot_be_are_named(facts: Facts, says: str) -> None:
    (fault,) = facts_faults(facts)
    assert says in fault


def test_a_warranty_holds_through_its_last_day() -> None:
    facts = Facts(warranty_until="2026-05-01")
    days = [date(2026, 5, 1), date(2026, 5, 2)]
    assert [is_under_warranty(facts, day) for day in days] == [True, False]
    assert is_under_warranty(Facts(), days[0]) is None


BASE = {"L-01": Facts(manufacturer="Acme", installed="2025-01-01"), "L-02": Facts()}


def test_a_plan_keeps_what_differs_from_the_files_and_tells_what_changes() -> None:
    known = {"L-01": Entry({"model": "M1"}, 0, "")}
    changes = [
        Change("L-01", {"model": "M2", "manufacturer": "Acme"}),
        Change("L-02", {"model": ""}),
    ]
    (step,) = plan(changes, known, BASE)
    assert step.told == {"model": ("M1", "M2")}
    assert {name: text for name, text in step.written.items() if text is not None} == {"model": "M2"}


def test_blank_goes_back_to_what_the_files_say() -> None:
    known = {"L-01": Entry({"manufacturer": "Mine"}, 0, "")}
    (step,) = plan([Change("L-01", {"manufacturer": ""})], known, BASE)
    assert step.told == {"manufacturer": ("Mine", "Acme")}
    assert set(step.written.values()) == {None}


def test_a_plan_names_every_fault_by_its_place() -> None:
    changes = [
        Change("L-01", {"warranty_until": "2024-01-01"}, "table:2"),
        Change("L-09", {}, "table:3"),
        Change("L-01", {}, "table:4"),
    ]
    with pytest.raises(DeviceFactsError) as caught:
        plan(changes, {}, BASE)
    assert [fault.where for fault in caught.value.faults] == ["table:2", "table:3", "table:4"]


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)
IDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
FACTS = st.builds(
    Facts, **{name: TEXT for name in TABLE_FIELDS if name not in ("installed", "warranty_until")}
)


@given(st.dictionaries(IDS, FACTS, max_size=8))
def test_a_table_is_read_back_as_it_was_written(devices: dict[str, Facts]) -> None:
    lines = [Line(device, "lamp", "=灯", "-1", "", facts) for device, facts in devices.items()]
    rows = parse_table(write_table(lines), "t.csv", devices)
    assert {row.device: merged(Facts(), row.facts) for row in rows} == devices


@given(FACTS)
def test_no_cell_of_a_table_is_a_formula(facts: Facts) -> None:
    text = write_table([Line("=1+1", "lamp", "", "", "", facts)])
    cells = [cell.strip('"') for line in text.splitlines()[1:] for cell in line.split(",")]
    assert not [cell for cell in cells[:2] if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("model\nx\n", "t.csv:1", "column device is missing"),
        ("device,colour\nL-01,red\n", "t.csv:1", "unknown columns: colour"),
        ("device,model,model\nL-01,a,b\n", "t.csv:1", "there twice: model"),
        ("device,model\nL-09,a\n", "t.csv:2", "no device 'L-09'"),
        ("device,model\nL-01,a\nL-01,b\n", "t.csv:3", "already, on line 2"),
        ("device,model\nL-01\n", "t.csv:2", "fewer fields"),
        ("device,model\nL-01,a,b\n", "t.csv:2", "more fields"),
        ("device,installed\nL-01,soon\n", "t.csv:2", "is a date"),
        ('device,model\nL-01,"a\n', "t.csv:2", "not CSV"),
    ],
)
def test_each_fault_of_a_table_has_its_line(text: str, where: str, says: str) -> None:
    with pytest.raises(DeviceFactsError) as caught:
        parse_table(text, "t.csv", ["L-01"])
    assert [(fault.where, says in fault.message) for fault in caught.value.faults] == [(where, True)]
