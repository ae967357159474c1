"""What goes to clients, with the bytes that carry it on a socket: made once, however many clients get it.

A server's WebSocket frames are not masked (RFC 6455, 5.1), so one frame's bytes serve every client.
"""

from websockets.frames import Frame, Opcode


class Message:
    """One message to clients: `payload` as the protocol says it, bytes for binary and str for text.

    `wire` is the same as one WebSocket frame of a server; `samples` is how many samples a frame of the stream
    holds, None for a text.
    """

    __slots__ = ("payload", "samples", "wire")

    def __init__(self, payload: bytes | str, samples: int | None = None) -> None:
        self.payload = payload
        self.samples = samples
        self.wire = server_frame(payload)


def server_frame(payload: bytes | str) -> bytes:
    """Give a whole message as one unmasked frame (RFC 6455, 5.2)."""
    if isinstance(payload, str):
        return Frame(Opcode.TEXT, payload.encode()).serialize(mask=False)
    return Frame(Opcode.BINARY, payload).serialize(mask=False)


#: A ping without content: whatever comes back shows that somebody is there (RFC 6455, 5.5.2).
PING = Frame(Opcode.PING, b"").serialize(mask=False)
