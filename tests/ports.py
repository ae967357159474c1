"""Ports for servers that tests start, such that no two test processes take the same one."""

import itertools
import os
import socket
from collections.abc import Iterator

#: Below the ports that systems give to outgoing connections, which would take one between probe and use.
FIRST, SLICE, SLICES = 12_000, 1_000, 20


def _candidates() -> Iterator[int]:
    """The ports of this process's slice, over and over; where it begins differs between runs side by side."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SLICES
    begin = os.getpid() * 37 % SLICE
    return (FIRST + worker * SLICE + (begin + step) % SLICE for step in itertools.count())


_ports = _candidates()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, another one each time."""
    for port in itertools.islice(_ports, SLICE):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("all ports for tests are in use")
