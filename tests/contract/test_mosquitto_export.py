"""The whole way: a secret is issued, mosquitto is told, the device publishes, the server hears it."""

import asyncio
import csv
import io
import json
from pathlib import Path

import aiomqtt
import httpx
import pytest

from tests.contract.running import run_twin, running_server
from tests.ports import free_port
from tests.telemetry_bridge.mosquitto import MOSQUITTO, Mosquitto

WAIT_S = 20.0


class Guarded(Mosquitto):
    """A mosquitto with the files that were exported for it."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, port, password="unused")
        lines = [line for line in self._config.read_text().splitlines() if "password_file" not in line]
        lines += [f"password_file {folder / 'passwords'}", f"acl_file {folder / 'topics'}"]
        self._config.write_text("\n".join(lines) + "\n", "utf-8")


async def state_of(url: str, device: str) -> float | None:
    async with httpx.AsyncClient(base_url=url) as client:
        items = (await client.get("/api/state")).json()["items"]
    found: float | None = next(
        each["value"] for each in items if (each["device"], each["point"]) == (device, "status")
    )
    return found


@pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")
async def test_a_device_signs_in_at_mosquitto_and_the_server_hears_it_alone(
    house: Path, venue: Path, tmp_path: Path
) -> None:
    where = ("--package", house, "--venue", venue, "--data", tmp_path / "data")
    port = free_port()
    url = f"mqtt://server:s3cret@127.0.0.1:{port}"
    issued = run_twin("devices", "issue", "L-01", *where)
    (row,) = csv.DictReader(io.StringIO(issued.stdout))
    exported = run_twin("devices", "export-mosquitto", tmp_path, "--mqtt", url, *where)
    assert exported.returncode == 0, exported.stderr
    broker = Guarded(tmp_path, port)
    await broker.start()
    options = ("--venue", str(venue), "--data", str(tmp_path / "data"), "--mqtt", url)
    try:
        with running_server(house, tmp_path / "log", *options) as server:
            async with aiomqtt.Client(
                "127.0.0.1", port, username=row["username"], password=row["secret"]
            ) as device:
                payload = json.dumps({"points": {"status": "fault"}})
                async with asyncio.timeout(WAIT_S):
                    while await state_of(server.url, "L-01") != 2.0:
                        for name in ("L-02", "L-01"):
                            await device.publish(f"twin/small/devices/{name}/telemetry", payload, qos=1)
                        await asyncio.sleep(0.1)
            assert await state_of(server.url, "L-02") != 2.0
    finally:
        await broker.kill()
    assert "s3cret" not in (tmp_path / "log").read_text()
    assert row["secret"] not in (tmp_path / "log").read_text()
