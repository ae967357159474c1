import errno
import resource
import socket

import pytest

from twin.errors import PortError
from twin.serving import address_of, bind_port, port_fault, raise_file_limit


def test_a_free_port_is_bound_and_known() -> None:
    with bind_port("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        assert port > 0
        assert address_of(bound) == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=rf"port {port} on 127\.0\.0\.1 is in use; .* --port"):
            bind_port("127.0.0.1", port)


def test_all_interfaces_are_reached_by_loopback() -> None:
    with bind_port("0.0.0.0", 0) as bound:
        assert address_of(bound).startswith("http://127.0.0.1:")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(PortError, match=host):
        bind_port(host, 0)


@pytest.mark.parametrize("number", [errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL, errno.ENOBUFS])
def test_every_fault_of_a_port_is_one_line(number: int) -> None:
    line = port_fault("127.0.0.1", 80, OSError(number, "reason"))
    assert "\n" not in line
    assert "80" in line or "127.0.0.1" in line


def test_the_server_takes_as_many_open_files_as_it_may_have() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, before[1]), before[1]))
        assert raise_file_limit() == before[1]
        assert raise_file_limit() == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
