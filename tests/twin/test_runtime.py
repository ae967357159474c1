"""Opening a twin: registry, clock, data folder, what does not fit."""

import json
import time
from pathlib import Path

import pytest

from spatial.package import ModelPackage
from telemetry_bridge.clock import SimulatedClock, SystemClock
from tests.spatial.conftest import folder, guid_of, package
from twin.bound import bind_devices
from twin.errors import DataFolderError
from twin.runtime import live_settings, make_clock, make_data_folder, open_twin
from twin.settings import load_settings
from twin.venue import load_venue

__all__ = ["folder", "package"]

TYPES = "lamp: {name: {zh: 灯, en: Lamp}, ifc_class: IfcLightFixture, points: [{name: status, class: S}]}\n"


def write_venue(target: Path, devices: str) -> Path:
    target.mkdir()
    (target / "venue.yaml").write_text("id: x\nname: X\n")
    (target / "device_types.yaml").write_text(TYPES)
    (target / "devices.csv").write_text("device,type,name_zh,name_en,guid,tag\n" + devices)
    (target / "cameras.yaml").write_text("CAM: {position: [0, 0, 0], yaw_deg: 0}\n")
    (target / "pois.yaml").write_text("- {id: wc, name: WC, kind: toilet, space: Nowhere}\n")
    (target / "programme.yaml").write_text(
        "- {space: Hall 9, days: [mon], from: '08:00', to: '09:00', people: 3, title: x}\n"
    )
    return target


def test_what_does_not_fit_is_noted_and_does_not_stop_the_twin(folder: Path, tmp_path: Path) -> None:
    devices = f"L-1,lamp,x,x,{guid_of(11)},\nL-2,lamp,x,x,no-such-element-at-all,\n"
    venue = write_venue(tmp_path / "venue", devices)
    twin = open_twin(load_settings({"package": folder, "venue": venue, "data": tmp_path / "data"}))
    twin.package.close()
    noted = "\n".join(twin.notes)
    assert "1 device(s) bound to elements that this model lacks: L-2" in noted
    assert "cameras.yaml names 1" in noted
    assert "pois.yaml has 1" in noted
    assert "programme.yaml names 1" in noted
    assert [device.id for device in twin.devices_at(guid_of(11))] == ["L-1"]


def test_without_a_venue_the_models_devices_are_the_registry(folder: Path, tmp_path: Path) -> None:
    twin = open_twin(load_settings({"package": folder, "data": tmp_path / "data"}))
    twin.package.close()
    assert {"L-01", "L-02"} < set(twin.registry.devices)
    assert twin.notes == []


def test_a_model_that_says_where_it_lies_gives_the_venue_its_place(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["georeference"] = {"latitude": 24.5, "longitude": 118.1}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    twin = open_twin(load_settings({"package": folder, "data": tmp_path / "data"}))
    twin.package.close()
    assert twin.venue.info.location is not None
    assert twin.venue.info.location.latitude == 24.5


def test_a_venue_folder_without_devices_takes_the_models(folder: Path, tmp_path: Path) -> None:
    venue = tmp_path / "venue"
    venue.mkdir()
    (venue / "venue.yaml").write_text("id: x\nname: X\n")
    twin = open_twin(load_settings({"package": folder, "venue": venue, "data": tmp_path / "data"}))
    twin.package.close()
    assert load_venue(venue) == twin.venue
    assert "L-01" in twin.registry.devices


def test_bindings_both_ways(package: ModelPackage) -> None:
    bound = bind_devices(package, {"a": guid_of(11), "b": guid_of(11), "c": None, "d": "x" * 22})
    assert bound.devices_at == {guid_of(11): ("a", "b")}
    assert bound.element_of["a"].element_index == 11
    assert bound.missing == {"d": "x" * 22}


def test_the_clock_is_the_machines_unless_time_is_simulated() -> None:
    package = Path("x.twin")
    assert isinstance(make_clock(load_settings({"package": package})), SystemClock)
    assert isinstance(make_clock(load_settings({"package": package, "speed": 9})), SystemClock)
    assert isinstance(make_clock(load_settings({"package": package, "simulate": True})), SystemClock)
    fast = make_clock(load_settings({"package": package, "simulate": True, "speed": 60}))
    assert isinstance(fast, SimulatedClock)
    assert fast.speed == 60
    assert abs(fast.now_ms() - time.time() * 1000) < 3_600_000
    start = {"package": package, "simulate": True, "start": "2020-01-01T00:00:00Z"}
    assert abs(make_clock(load_settings(start)).now_ms() - 1_577_836_800_000) < 60_000


def test_a_data_folder_is_made_and_one_that_cannot_be_is_said(tmp_path: Path) -> None:
    make_data_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match="--data"):
        make_data_folder(tmp_path / "file" / "data")


def test_the_limits_of_live_streams_are_those_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWIN_LIVE_CLIENTS", "7")
    monkeypatch.setenv("TWIN_LIVE_IDLE_S", "9")
    options = {"package": tmp_path, "live_clients_per_address": 3, "live_send_timeout_s": 4.0}
    found = live_settings(load_settings(options))
    assert (found.max_clients, found.max_clients_per_address) == (7, 3)
    assert (found.patience.idle_s, found.patience.send_timeout_s) == (9.0, 4.0)
    # Who is to be found silent within nine seconds is asked at least twice.
    assert found.patience.ping_every_s == 3.0
