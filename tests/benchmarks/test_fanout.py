"""The fan-out benchmark measures what it says: every server sends every frame, and the last line is JSON."""

import asyncio
import json
import socket

import pytest

from benchmarks import fanout
from telemetry_bridge.wire import encode_frame, frame_bytes


def test_the_frame_is_of_the_size_that_is_promised() -> None:
    assert len(encode_frame(fanout.frame_of(1))) == frame_bytes(fanout.SAMPLES)
    assert 550 <= frame_bytes(fanout.SAMPLES) <= 650


@pytest.mark.parametrize("kind", fanout.KINDS)
async def test_every_server_sends_the_same_frames(kind: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with fanout.SERVERS[kind](listener) as publish:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(fanout.HANDSHAKE.format(port=port).encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        received = b""
        for number in (1, 2):
            await publish(number)
            # Times differ from call to call: what follows the header does not.
            wanted = encode_frame(fanout.frame_of(number))[24:]
            async with asyncio.timeout(60):
                while wanted not in received:
                    received += await reader.read(65_536)
        writer.close()


@pytest.mark.slow
def test_it_ends_with_a_line_of_json(capfd: pytest.CaptureFixture[str]) -> None:
    assert fanout.main(["--clients", "100", "--rounds", "1", "--frames", "5"]) == 0
    line = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert (line["name"], sorted(line["met"])) == ("fanout", ["kib_per_client", "of_starlette", "to_floor"])
    assert all(f"us_{kind}_100" in line["figures"] | line["baselines"] for kind in fanout.KINDS)
