"""rules.yaml: what is read, and how every fault is named."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.wire import Quality
from twin.alarms.model import Check, Priority
from twin.alarms.rules_file import load_rules, parse_rules
from twin.errors import VenueError

SOUND = """
- id: hot
  name: {zh: 过热, en: Too hot}
  priority: high
  match: {point_class: Zone_Air_Temperature_Sensor, space_function: [badminton_hall, "*_room"]}
  condition: {above: 30, hysteresis: 0.5, delay_s: 300, off_delay_s: 60}
  message: {zh: "{space} {value} 高于 {limit}", en: "{space} {value} above {limit}"}
  cause_data: [humidity]
"""


def rule_with(**changes: Any) -> Any:
    (rule,) = yaml.safe_load(SOUND)
    return rule | changes


def test_a_rule_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(SOUND, "utf-8")
    (rule,) = load_rules(tmp_path)
    assert (rule.id, rule.priority, rule.name.zh) == ("hot", Priority.HIGH, "过热")
    assert rule.match.point_class == ("Zone_Air_Temperature_Sensor",)
    assert rule.match.space_function == ("badminton_hall", "*_room")
    when = rule.condition
    assert (when.check, when.limit, when.hysteresis, when.delay_s, when.off_delay_s) == (
        Check.ABOVE,
        30.0,
        0.5,
        300.0,
        60.0,
    )
    assert rule.cause_data == ("humidity",)


def test_a_venue_without_the_file_has_no_rules(tmp_path: Path) -> None:
    assert load_rules(tmp_path) == ()


@pytest.mark.parametrize(
    ("condition", "check"),
    [
        ({"below": 0}, Check.BELOW),
        ({"state": "fault"}, Check.STATE),
        ({"state": ["fault", "alarm"]}, Check.STATE),
        ({"quality": "stale"}, Check.QUALITY),
    ],
)
def test_every_kind_of_condition(condition: Any, check: Check) -> None:
    (rule,), faults = parse_rules([rule_with(condition=condition)])
    assert faults == []
    assert rule.condition.check is check


def test_bare_on_and_off_are_keys_and_qualities_are_numbers() -> None:
    text = SOUND.replace("{above: 30, hysteresis: 0.5, delay_s: 300, off_delay_s: 60}", "{state: [on, off]}")
    (rule,), _ = parse_rules(yaml.safe_load(text))
    assert rule.condition.states == ("on", "off")
    (rule,), _ = parse_rules([rule_with(condition={"quality": ["bad", "stale"]})])
    assert rule.condition.qualities == (Quality.BAD, Quality.STALE)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"priority": "urgent"}, "priority"),
        ({"id": "Not An Id"}, "id"),
        ({"condition": {}}, "give one of above, below, state and quality, not 0"),
        ({"condition": {"above": 1, "below": 2}}, "not 2 of them"),
        ({"condition": {"state": "fault", "hysteresis": 1}}, "hysteresis goes with"),
        ({"condition": {"state": []}}, "state is empty"),
        ({"condition": {"above": float("nan")}}, "finite"),
        ({"condition": {"above": 1, "delay_s": -1}}, "delay_s"),
        ({"condition": {"quality": "good"}}, "quality"),
        ({"match": {}}, "give point_class, device_type or device"),
        ({"match": {"class": "X"}}, "match.class"),
        ({"message": {"zh": "{值}", "en": "x"}}, "no placeholder {值}"),
        ({"message": {"zh": "{device.__class__}", "en": "x"}}, "no placeholder"),
        ({"message": {"zh": "{value:.1f}", "en": "x"}}, "without a format"),
        ({"message": {"zh": "{", "en": "x"}}, "a brace is open"),
        ({"message": {"zh": "x"}}, "need a text in en"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_fault_names_file_rule_and_reason(changes: dict[str, Any], says: str) -> None:
    rules, faults = parse_rules([rule_with(**changes)])
    assert rules == ()
    assert faults
    assert all(fault.startswith("rules.yaml: rule '") for fault in faults)
    assert any(says in fault for fault in faults), faults


def test_all_faults_of_all_rules_are_told_at_once(tmp_path: Path) -> None:
    bad = [rule_with(priority="x"), {"name": 3}, rule_with(), rule_with(), "no rule"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(bad, allow_unicode=True), "utf-8")
    with pytest.raises(VenueError) as caught:
        load_rules(tmp_path)
    found = "\n".join(caught.value.faults)
    for part in ("rule 'hot': priority", "rule 2: id", "rule 5:", "used more than once"):
        assert part in found


def test_a_file_that_is_no_yaml_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("- [", "utf-8")
    with pytest.raises(VenueError, match="not YAML"):
        load_rules(tmp_path)
    (tmp_path / "rules.yaml").write_text("a: 1", "utf-8")
    with pytest.raises(VenueError, match="a list of rules"):
        load_rules(tmp_path)
    (tmp_path / "rules.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(VenueError, match=r"cannot be read|not YAML"):
        load_rules(tmp_path)


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_like, st.sampled_from(["id", "name", "priority", "match", "condition", "message", "cause_data"]))
def test_anything_in_a_rule_is_read_or_named_never_a_crash(value: Any, field: str) -> None:
    rules, faults = parse_rules([rule_with(**{field: value})])
    assert len(rules) == 1 or faults
    parse_rules(value)
