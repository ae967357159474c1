"""Bindings: all the changes or none, and kept over a restart."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.binding_store import BindingStore
from telemetry_bridge.bindings import Binding, Bindings, report_of
from telemetry_bridge.errors import BindingError
from tests.telemetry_bridge.builders import registry

ELEMENTS = frozenset({"guid-r1", "guid-r2", "guid-x"})


def is_element(guid: str) -> bool:
    return guid in ELEMENTS


def test_at_first_they_are_the_registrys() -> None:
    bindings = Bindings(registry())
    assert dict(bindings.element_of) == {"l1": None, "r1": "guid-r1", "r2": "guid-r2"}
    assert bindings.devices_of("guid-r1") == ("r1",)
    assert bindings.devices_of("nowhere") == ()
    assert bindings.all()[0] == Binding("l1", None)


def test_changes_give_new_bindings_and_leave_the_rest() -> None:
    first = Bindings(registry())
    second = first.with_changes([Binding("l1", "guid-r1"), Binding("r2", None)], is_element)
    assert dict(second.element_of) == {"l1": "guid-r1", "r1": "guid-r1", "r2": None}
    assert second.devices_of("guid-r1") == ("l1", "r1")
    assert dict(first.element_of)["r2"] == "guid-r2"
    third = second.with_changes([Binding("r2", "guid-r2")], is_element)
    assert dict(third.overrides) == {"l1": "guid-r1"}


def test_all_faults_are_told_and_nothing_is_applied() -> None:
    bindings = Bindings(registry())
    with pytest.raises(BindingError) as caught:
        bindings.with_changes(
            [
                Binding("l1", "guid-x"),
                Binding("nobody", "guid-x"),
                Binding("r1", "no-such-element"),
                Binding("l1", None),
            ],
            is_element,
        )
    assert [fault.where for fault in caught.value.faults] == ["binding 1", "binding 2", "binding 3"]
    assert bindings.element_of["l1"] is None


def test_the_report_says_what_deserves_a_look() -> None:
    bindings = Bindings(registry(), {"r1": "gone", "r2": "guid-x", "l1": "guid-x", "sold": "guid-x"})
    report = report_of(bindings.element_of, is_element)
    assert report.unbound == ()
    assert report.lost == {"r1": "gone"}
    assert report.shared == {"guid-x": ("l1", "r2")}
    assert report_of(Bindings(registry()).element_of, is_element).unbound == ("l1",)


_overrides = st.dictionaries(
    st.sampled_from(["r1", "r2", "l1", "sold"]), st.none() | st.sampled_from(sorted(ELEMENTS))
)


@given(_overrides, _overrides)
def test_changes_are_last_wins_per_device(
    before: dict[str, str | None], change: dict[str, str | None]
) -> None:
    change.pop("sold", None)
    changes = [Binding(device, element) for device, element in change.items()]
    bindings = Bindings(registry(), before).with_changes(changes, is_element)
    wanted = {**{each.id: each.guid for each in registry().devices.values()}, **before, **change}
    assert dict(bindings.element_of) == {device: wanted[device] for device in ("l1", "r1", "r2")}
    assert Bindings(registry(), bindings.overrides).element_of == bindings.element_of
    assert bindings.overrides.get("sold") == before.get("sold")


@given(_overrides)
def test_what_is_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, overrides: dict[str, str | None]
) -> None:
    folder = tmp_path_factory.mktemp("data") / "new"
    BindingStore(folder).save(overrides)
    BindingStore(folder).save(overrides)
    assert BindingStore(folder).load() == overrides
    assert [path.name for path in folder.iterdir()] == ["bindings.json"]


def test_no_file_is_no_overrides(tmp_path: Path) -> None:
    assert BindingStore(tmp_path).load() == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": 2, "bindings": {}}',
        '{"format": 1}',
        '{"format": 1, "bindings": {"a": 3}}',
        "[" * 9999,
    ],
)
def test_a_broken_file_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    store = BindingStore(tmp_path)
    store.path.write_text(text, "utf-8")
    with pytest.raises(BindingError, match=r"bindings\.json"):
        store.load()
    assert store.path.read_text("utf-8") == text


def test_a_file_of_bytes_is_told(tmp_path: Path) -> None:
    store = BindingStore(tmp_path)
    store.path.write_bytes(b"\xff")
    with pytest.raises(BindingError, match="cannot be read"):
        store.load()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BindingStore(tmp_path)
    store.save({"a": "x"})

    def broken(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(BindingError, match="No space left"):
        store.save({"a": "y"})
    assert json.loads(store.path.read_text("utf-8"))["bindings"] == {"a": "x"}
    assert [path.name for path in tmp_path.iterdir()] == ["bindings.json"]
