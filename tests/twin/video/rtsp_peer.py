"""A camera that speaks RTSP, for tests: RFC 2326 with RTP interleaved over TCP, H.264 by RFC 6184.

It is ours, because no free server of a size for tests could be had; libav is the other side and judges it.
"""

import base64
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tests.twin.video.making import Encoder, grey_of

CLOCK = 90_000
MOST_PAYLOAD = 1200
SSRC = 0x7477_696E


def nal_units(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B stream (ITU-T H.264, annex B)."""
    return [each for each in re.split(rb"\x00*\x00\x00\x01", data) if each]


def rtp_payloads(nal: bytes) -> list[bytes]:
    """A NAL unit as it is, or in fragments (RFC 6184, 5.6 and 5.8)."""
    if len(nal) <= MOST_PAYLOAD:
        return [nal]
    body = [nal[at : at + MOST_PAYLOAD] for at in range(1, len(nal), MOST_PAYLOAD)]
    indicator, kind, last = (nal[0] & 0xE0) | 28, nal[0] & 0x1F, len(body) - 1
    return [
        bytes([indicator, (0x80 if at == 0 else 0) | (0x40 if at == last else 0) | kind]) + part
        for at, part in enumerate(body)
    ]


@dataclass
class RtspCamera:
    """Listens on a free port of this machine; `frames` bounds what a connection gets before it is cut off."""

    fps: int = 10
    gop: int = 5
    frames: int | None = None
    stalls: bool = False
    """After `frames` it sends nothing more, and keeps the connection."""
    password: str | None = None
    connections: int = 0
    refused: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "RtspCamera":
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._listener.close()
        for each in self._open:
            each.close()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self._listener.getsockname()[1]}/stream"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            reader = connection.makefile("rb")
            while not self._ended.is_set() and (request := _request(reader)) is not None:
                if self._answer(connection, *request):
                    self._play(connection)
                    return
        except OSError:
            pass
        finally:
            connection.close()

    def _answer(self, connection: socket.socket, method: str, url: str, headers: dict[str, str]) -> bool:
        """Answer a request; whether it is to play now."""
        sequence = headers.get("cseq", "0")
        expected = self.password and "Basic " + base64.b64encode(f"admin:{self.password}".encode()).decode()
        if expected and headers.get("authorization") != expected:
            self.refused += 1
            _send(connection, "401 Unauthorized", sequence, 'WWW-Authenticate: Basic realm="camera"')
            return False
        if method == "DESCRIBE":
            _send(connection, "200 OK", sequence, "Content-Type: application/sdp", body=self._sdp())
        elif method == "SETUP":
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
            _send(connection, "200 OK", sequence, transport, "Session: 1;timeout=60")
        elif method == "PLAY":
            _send(connection, "200 OK", sequence, "Session: 1", f"RTP-Info: url={url};seq=1;rtptime=0")
            return True
        else:
            _send(connection, "200 OK", sequence, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        return False

    def _sdp(self) -> str:
        sets = nal_units(bytes(Encoder(fps=self.fps, gop=self.gop).extradata))
        sprop = ",".join(base64.b64encode(each).decode() for each in sets[:2])
        return "\r\n".join(
            [
                "v=0",
                "o=- 0 0 IN IP4 127.0.0.1",
                "s=camera",
                "c=IN IP4 0.0.0.0",
                "t=0 0",
                "m=video 0 RTP/AVP 96",
                f"a=rtpmap:96 H264/{CLOCK}",
                f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sprop}",
                "a=control:track1",
                "",
            ]
        )

    def _play(self, connection: socket.socket) -> None:
        self.connections += 1
        encoder, sequence, number = Encoder(fps=self.fps, gop=self.gop), 1, 0
        begun_s = time.monotonic()
        while not self._ended.is_set() and (self.frames is None or number < self.frames):
            self._ended.wait(max(begun_s + number / self.fps - time.monotonic(), 0.0))
            time_ms = number * 1000 / self.fps
            for packet in encoder.packets(time_ms, grey_of(time_ms), round(1000 / self.fps)):
                sequence = _send_picture(connection, bytes(packet), number * CLOCK // self.fps, sequence)
            number += 1
        if self.stalls:
            self._ended.wait()


def _request(reader: Any) -> tuple[str, str, dict[str, str]] | None:
    first = reader.readline().decode().split()
    if len(first) < 3:
        return None
    headers = {}
    while (line := reader.readline().decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return first[0], first[1], headers


def _send(connection: socket.socket, status: str, sequence: str, *headers: str, body: str = "") -> None:
    length = (f"Content-Length: {len(body)}",) if body else ()
    lines = [f"RTSP/1.0 {status}", f"CSeq: {sequence}", *headers, *length]
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _send_picture(connection: socket.socket, picture: bytes, stamp: int, sequence: int) -> int:
    """Send the RTP packets of a picture (RFC 3550, 5.1; RFC 2326, 10.12); gives the next sequence number."""
    payloads = [part for nal in nal_units(picture) for part in rtp_payloads(nal)]
    for place, payload in enumerate(payloads):
        marker = 0x80 if place == len(payloads) - 1 else 0
        header = struct.pack(">BBHII", 0x80, marker | 96, sequence & 0xFFFF, stamp & 0xFFFFFFFF, SSRC)
        connection.sendall(struct.pack(">cBH", b"$", 0, len(header) + len(payload)) + header + payload)
        sequence += 1
    return sequence
