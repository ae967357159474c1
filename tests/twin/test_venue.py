from pathlib import Path

import pytest

from twin.errors import VenueError
from twin.venue import Name, Venue, load_venue, plain_venue

PALACE = Path(__file__).parents[2] / "assets" / "palace" / "venue"
VENUE = "id: hall\nname: {zh: 馆, en: Hall}\ntimezone: Asia/Shanghai\n"


def written(folder: Path, **files: str) -> Path:
    (folder / "venue.yaml").write_text(VENUE, "utf-8")
    for stem, text in files.items():
        (folder / f"{stem}.yaml").write_text(text, "utf-8")
    return folder


def test_the_demo_venue_is_sound() -> None:
    venue = load_venue(PALACE)
    assert venue.info.timezone == "Asia/Shanghai"
    assert [layer.id for layer in venue.layers if layer.default] == ["devices"]


def test_a_venue_may_have_nothing_but_its_name(tmp_path: Path) -> None:
    venue = load_venue(written(tmp_path))
    assert venue == Venue(info=venue.info, folder=tmp_path)
    assert venue.info.name == Name(zh="馆", en="Hall")


@pytest.mark.parametrize("hours", ['["08:00", "22:00"]', "[08:00, 22:00]", "[8:00, 22:00]"])
def test_times_of_day_are_read_however_yaml_sees_them(tmp_path: Path, hours: str) -> None:
    """YAML 1.1 reads an unquoted 22:00 as the number 1320."""
    (tmp_path / "venue.yaml").write_text(VENUE + f"opening_hours:\n  mon: [{hours}]\n", "utf-8")
    assert load_venue(tmp_path).info.opening_hours["mon"] == [("08:00", "22:00")]


def test_a_layer_is_read_in_its_short_forms(tmp_path: Path) -> None:
    layers = """
- id: devices
  name: Devices
  rules:
    - {point_class: On_Off_Status, states: {on: "#111111", off: "#222222", 2: "#333333"}, label: On or off}
"""
    (layer,) = load_venue(written(tmp_path, layers=layers)).layers
    (rule,) = layer.rules
    assert layer.name == Name(zh="Devices", en="Devices")
    assert rule.point_class == ["On_Off_Status"]
    assert rule.states == {"on": "#111111", "off": "#222222", "2": "#333333"}
    assert rule.label == Name(zh="On or off", en="On or off")


def test_a_list_may_stand_under_its_files_name(tmp_path: Path) -> None:
    below = load_venue(written(tmp_path, pois="pois:\n- {id: a, name: A, kind: toilet, space: S1}\n"))
    assert [poi.id for poi in below.pois] == ["a"]


def test_every_fault_of_every_file_is_named(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        layers="- {id: a, name: A, rules: [{point_class: X, ramp: {stops: [[2, red], [1, blue]]}}]}",
        cameras="CAM-1: {position: [0, 0], yaw_deg: 0}",
        pois="- {id: a, name: A, kind: x}\n- {id: a, name: B, kind: x}",
        programme="- {space: S, days: [someday], from: '25:00', to: '10:00', people: 3}",
    )
    with pytest.raises(VenueError) as caught:
        load_venue(folder)
    faults = "\n".join(caught.value.faults)
    assert "layers.yaml: 0.rules.0.ramp.stops: the stops' values must go up" in faults
    assert "cameras.yaml: CAM-1.position" in faults
    assert "pois.yaml: the id 'a' is used more than once" in faults
    assert "programme.yaml: 0.days.0" in faults
    assert "programme.yaml: 0.from" in faults
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id: [", "venue.yaml: not YAML"),
        ("id: Hall\nname: x\n", "venue.yaml: id"),
        ("id: hall\nname: x\ntimezone: Moon/Tycho\n", "no time zone 'Moon/Tycho'"),
        ("id: hall\nname: x\ntimezone: ../secret\n", "no time zone '../secret'"),
        ("just text", "venue.yaml"),
    ],
)
def test_a_bad_venue_file_is_named(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "venue.yaml").write_text(text, "utf-8")
    with pytest.raises(VenueError, match=expected.replace(".", r"\.").replace("[", r"\[")):
        load_venue(tmp_path)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "pois.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VenueError, match=r"pois\.yaml: cannot be read"):
        load_venue(tmp_path)


def test_a_missing_folder_and_a_folder_without_a_venue_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(VenueError, match="no such folder"):
        load_venue(tmp_path / "nowhere")
    with pytest.raises(VenueError, match=r"venue\.yaml: missing"):
        load_venue(tmp_path)


def test_many_faults_are_counted_and_cut(tmp_path: Path) -> None:
    pois = "".join(f"- {{id: {number}}}\n" for number in range(40))
    with pytest.raises(VenueError) as caught:
        load_venue(written(tmp_path, pois=pois))
    assert len(caught.value.faults) > 40
    assert f"and {len(caught.value.faults) - 6} more" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "expected"), [("Duplex A-2", "duplex-a-2"), ("文化宫", "venue"), ("", "venue")]
)
def test_a_model_without_a_venue_gets_an_id_fit_for_topics(name: str, expected: str) -> None:
    assert plain_venue(name).info.id == expected
