"""The file of lines, read anew in a server: all of it counts, or nothing."""

import asyncio
from pathlib import Path

import pytest

from telemetry_bridge.adapter_lines import Line, LineChanges
from telemetry_bridge.bridge import Bridge
from telemetry_bridge.bus import LineReport
from telemetry_bridge.bus_line import RemoteLine
from telemetry_bridge.bus_local import LocalCommands
from telemetry_bridge.errors import AdapterFileError
from telemetry_bridge.ports import Health
from tests.telemetry_bridge.builders import HandClock, registry
from twin.line_file import LineFile, Source
from twin.settings import load_settings
from twin.venue import plain_venue

TAPE = "- {{id: {}, kind: replay, file: tape.csv, speed: {}, loop: true}}\n"
WEBHOOK = "- {id: doors, kind: webhook, secret_env: DOORS, samples: [{device: a, point: b, value: 1}]}\n"


class Server:
    """What of a server has to do with lines."""

    def __init__(self, folder: Path, redis: str | None = None) -> None:
        self.file = folder / "adapters.yaml"
        (folder / "tape.csv").write_text("time,device,point,value\n2026-01-01T00:00:00Z,r1,temperature,20\n")
        settings = load_settings({"package": folder / "x.twin", "adapters": self.file, "redis": redis})
        self.bridge = Bridge(registry(), HandClock())
        self.adapters: dict[str, Source] = {}
        clock = self.bridge.clock
        self.lines = LineFile(
            settings, plain_venue("x"), self.bridge.registry, clock, self.bridge, self.adapters
        )
        self.told: list[LineChanges] = []

    async def tell(self, changes: LineChanges) -> None:
        self.told.append(changes)

    async def reload(self, *texts: str) -> LineChanges:
        self.file.write_text("".join(texts), "utf-8")
        return await self.lines.reload(self.tell)

    def line(self, name: str) -> Line:
        found = self.adapters[name]
        assert isinstance(found, Line)
        return found


async def test_what_did_not_change_is_the_same_line_and_runs_on(tmp_path: Path) -> None:
    server = Server(tmp_path)
    changes = await server.reload(TAPE.format("a", 1), TAPE.format("b", 1), TAPE.format("c", 1))
    assert changes == LineChanges((), ("a", "b", "c"), (), ())
    a, b, c = (server.line(name) for name in "abc")
    running = a.adapter
    assert running is not None
    changes = await server.reload(TAPE.format("d", 1), TAPE.format("b", 2), TAPE.format("a", 1))
    assert changes == LineChanges(("a",), ("d",), ("b",), ("c",))
    assert list(server.adapters) == ["d", "b", "a"]
    assert (server.line("a") is a, a.adapter is running) == (True, True)
    assert (server.line("b") is b, b.adapter, c.adapter) == (False, None, None)
    assert server.line("b").adapter is not None
    assert server.told[-1] is changes
    await server.lines.stop()
    assert [server.line(name).adapter for name in "dba"] == [None] * 3


async def test_faults_or_an_event_that_cannot_be_written_change_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path)
    await server.reload(TAPE.format("a", 1))
    running = server.line("a").adapter

    async def full(_changes: LineChanges) -> None:
        raise OSError("no space left on device")

    server.file.write_text(TAPE.format("b", 1))
    with pytest.raises(OSError, match="no space"):
        await server.lines.reload(full)
    with pytest.raises(AdapterFileError, match="prot: no such setting"):
        await server.reload(TAPE.format("b", 1), "- {id: c, kind: modbus, host: h, prot: 1}\n")
    server.file.unlink()
    with pytest.raises(AdapterFileError, match="No such file"):
        await server.lines.reload(server.tell)
    await server.lines.follow()
    assert list(server.adapters) == ["a"]
    assert server.line("a").adapter is running
    assert len(server.told) == 1
    await server.lines.stop()


async def test_two_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.file.write_text(TAPE.format("a", 1))
    await asyncio.gather(*(server.lines.reload(server.tell) for _ in range(3)))
    assert [each.started for each in server.told] == [("a",), (), ()]
    await server.lines.stop()


async def test_among_several_servers_workers_hold_all_but_webhooks(tmp_path: Path) -> None:
    server = Server(tmp_path, "redis://127.0.0.1:1")
    server.file.write_text(TAPE.format("a", 1) + WEBHOOK)
    server.lines.open()
    assert (list(server.adapters), server.lines.elsewhere) == (["doors"], ("a",))
    report = LineReport("a", "replay", "w", True, False, Health(True, "up"))
    remote = server.adapters["a"] = RemoteLine(report, LocalCommands(), server.bridge.registry)
    changes = await server.reload(TAPE.format("a", 1), TAPE.format("b", 1))
    assert (changes.stopped, server.lines.elsewhere) == (("doors",), ("a", "b"))
    assert server.adapters == {"a": remote}, "what a worker tells of is not this server's to stop"
