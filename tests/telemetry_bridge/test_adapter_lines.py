"""Lines made from the file: what fails in one is kept for its health and costs nobody else anything."""

import asyncio
import subprocess
import sys
from pathlib import Path

import aiomqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_bridge.adapter_file import KINDS, parse_adapter_file
from telemetry_bridge.adapter_lines import Line, LineChanges, Surroundings, make_lines
from telemetry_bridge.adapter_making import MAKERS
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.errors import CommandError
from telemetry_bridge.ports import Adapter, Command, Health, Sink
from tests.ports import free_port
from tests.telemetry_bridge.adapting import Site, running, until
from tests.telemetry_bridge.builders import HandClock, registry
from tests.telemetry_bridge.mosquitto import Mosquitto

FILE = """
- id: plant
  kind: modbus
  host: 127.0.0.1
  port: 9
  points:
    - {device: r1, point: setpoint, address: 1, writable: true}
    - {device: r9, point: setpoint, address: 1}
- {id: hall, kind: mqtt, url: "mqtt://127.0.0.1:9", username: k, password_env: NOT_SET}
- {id: spare, kind: mqtt, url: "mqtt://127.0.0.1:9", enabled: false}
"""
# Of `mosquitto_passwd -b users keeper se:cret`: salted and hashed, so a fixed line does.
PASSWORD_LINE = (
    "keeper:$7$101$CpJbPkpROibp/bwX$432atoUI60SjK83ek08MXqvwEifisdOsdcqbLPS98cYWMRqHnurHpVqyOYTRep2hplIdwAIG4Xwd"
    "Q/Rthb4oHA=="
)
COMMAND = Command("c", "r1", "setpoint", 20.0, 0.0)


def lines(environment: dict[str, str] | None = None, text: str = FILE) -> list[Line]:
    around = Surroundings("palace", registry(), HandClock(), Path(), environment or {})
    return make_lines(parse_adapter_file(text), around)


async def test_a_line_whose_secret_is_missing_says_so_and_the_others_run() -> None:
    plant, hall, spare = lines()
    bridge = Bridge(registry(), HandClock())
    for line in (plant, hall, spare):
        await line.start(bridge)
    assert "NOT_SET is not set" in hall.health().detail
    assert hall.health().last_error == hall.health().detail
    assert plant.adapter is not None
    assert spare.health().detail == "switched off in the file"
    assert plant.notes == ("adapters.yaml:8: the venue has no point r9/setpoint",)
    with pytest.raises(CommandError, match=r"hall does not run: .*NOT_SET"):
        await hall.send(COMMAND)
    for line in (plant, hall, spare):
        await line.stop()
    assert plant.health().detail == "stopped"


async def test_commands_are_for_the_line_that_names_the_point() -> None:
    plant, hall, _ = lines({"NOT_SET": "now it is"})
    bridge = Bridge(registry(), HandClock())
    assert not plant.writes("r1", "setpoint"), "not before it runs"
    await plant.start(bridge)
    await hall.start(bridge)
    assert plant.writes("r1", "setpoint")
    assert not plant.writes("r2", "setpoint")
    assert not hall.writes("r1", "setpoint")
    assert (plant.any_point, hall.any_point) == (False, True)
    await plant.stop()
    await hall.stop()


class Broken(Adapter):
    """Fails wherever it can."""

    async def start(self, sink: Sink) -> None:
        raise ZeroDivisionError("a fault of ours")

    async def stop(self) -> None:
        raise ZeroDivisionError

    async def send(self, command: Command) -> None:
        raise CommandError("no")

    def health(self) -> Health:
        return Health(True, "well")


async def test_a_fault_of_an_adapter_does_not_leave_its_line(caplog: pytest.LogCaptureFixture) -> None:
    entry = parse_adapter_file(FILE).entries[0]
    line = Line(entry, Broken)
    await line.start(Bridge(registry(), HandClock()))
    assert "a fault of ours" in line.health().detail
    assert not line.health().connected
    await line.stop()
    assert "cannot be started" in caplog.text


async def test_a_line_can_be_started_again() -> None:
    plant = lines()[0]
    bridge = Bridge(registry(), HandClock())
    for _ in range(2):
        await plant.start(bridge)
        await asyncio.sleep(0)
        assert plant.adapter is not None
        await plant.stop()


ENTRY = "- {{id: {}, kind: mqtt, url: 'mqtt://h:{}'}}\n"


PORTS = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 3))


@given(PORTS, PORTS)
def test_what_is_to_be_done_leads_from_one_file_to_the_other(
    old: dict[str, int], new: dict[str, int]
) -> None:
    running, wanted = (
        {each.id: each for each in lines(text="".join(ENTRY.format(*entry) for entry in file.items()))}
        for file in (old, new)
    )
    changes = LineChanges.between(running, list(wanted.values()))
    assert changes.kept == tuple(name for name in new if old.get(name) == new[name])
    assert changes.restarted == tuple(name for name in new if name in old and old[name] != new[name])
    assert changes.started == tuple(name for name in new if name not in old)
    assert changes.stopped == tuple(name for name in old if name not in new)


def test_libraries_are_loaded_when_a_line_needs_them() -> None:
    code = (
        "import sys, twin.app, telemetry_bridge.adapter_lines; "
        "print([name for name in ('pymodbus', 'asyncua', 'bacpypes3', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_kind_of_the_file_can_be_made() -> None:
    assert len(MAKERS) == len(KINDS)


async def test_a_broker_of_the_file_is_reached_with_the_secret_of_the_environment(tmp_path: Path) -> None:
    port = free_port()
    broker = Mosquitto(tmp_path, port, password="se:cret")
    (tmp_path / "users").write_text(PASSWORD_LINE + "\n")
    await broker.start()
    text = f"- {{id: hall, kind: mqtt, url: 'mqtt://127.0.0.1:{port}', username: keeper, password_env: HALL}}"
    site = Site(text, environment={"HALL": "se:cret"})
    try:
        async with (
            running(site),
            aiomqtt.Client("127.0.0.1", port, username="keeper", password="se:cret") as device,
        ):
            await until(lambda: site.adapter.health().connected)
            topic = "twin/palace/devices/r1/telemetry"
            await device.publish(topic, b'{"points": {"temperature": 21.5}}', qos=1)
            await until(site.shows("r1/temperature", 21.5))
        async with running(Site(text, environment={"HALL": "wrong"})) as refused:
            await until(lambda: "not authori" in refused.adapter.health().detail.lower())
    finally:
        await broker.kill()
