"""A device that speaks MQTT, from its message to the live stream."""

import json
from pathlib import Path

import aiomqtt
import httpx
from websockets.asyncio.client import connect

from telemetry_bridge.wire import decode_frame
from tests.contract.running import running_server
from tests.contract.small_house import guid_of
from tests.ports import free_port

TOPIC = "twin/small/devices/L-01/telemetry"


async def test_a_message_reaches_the_live_stream_and_the_element(
    tmp_path: Path, house: Path, venue: Path
) -> None:
    port = free_port()
    variables = {"TWIN_EMBEDDED_BROKER": "1", "TWIN_BROKER_PORT": str(port)}
    options = ("--venue", str(venue), "--data", str(tmp_path / "data"))
    with running_server(house, tmp_path / "log", *options, variables=variables) as server:
        points = httpx.get(f"{server.url}/api/points", params={"device": "L-01"}).json()["items"]
        status = next(each["point_index"] for each in points if each["point"] == "status")
        async with (
            connect(server.websocket_url, subprotocols=["twin.v1"]) as socket,  # type: ignore[list-item]
            aiomqtt.Client("127.0.0.1", port) as device,
        ):
            await device.publish(TOPIC, b"not json", qos=1)
            await device.publish(TOPIC, json.dumps({"points": {"status": "fault", "nothing": 1}}), qos=1)
            while True:
                message = await socket.recv()
                if isinstance(message, bytes) and status in decode_frame(message).point_index:
                    break
        element = httpx.get(f"{server.url}/api/elements/{guid_of('L-01')}").json()
        health = httpx.get(f"{server.url}/api/health").json()
    assert {each["point"]: each["state"] for each in element["points"]} == {"level": None, "status": "fault"}
    assert [(each["name"], each["connected"], each["refused"]) for each in health["adapters"]] == [
        ("broker", True, 2)
    ]
    assert "Traceback" not in (tmp_path / "log").read_text()
