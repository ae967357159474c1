"""Devices that sign in at real brokers: the embedded one, and mosquitto with the files written for it."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiomqtt
import pytest

from telemetry_bridge.adapters.broker import EmbeddedBroker
from telemetry_bridge.refused import RefusedSenders
from tests.ports import free_port
from tests.telemetry_bridge.mosquitto import MOSQUITTO, WAIT_S, Mosquitto, until
from tests.twin.devices.test_gate import FixedClock
from twin.devices.credentials import Credential, CredentialBook, digest_of, new_secret
from twin.devices.gate import DeviceGate
from twin.devices.mosquitto import BrokerUser, broker_files, mosquitto_hash

DEVICES = {"L 1", "L-02"}
OWN, OTHER = "twin/small/devices/L 1/telemetry", "twin/small/devices/L-02/telemetry"
ORDERS = "twin/small/devices/L 1/command"
SECRETS = {1: new_secret(), 2: new_secret()}
SERVER = ("server", "not a device")


def credential(number: int, **times: int) -> Credential:
    secret = SECRETS[number]
    return Credential(
        str(number), "L 1", number, digest_of(secret), mosquitto_hash(secret), 0, "test", **times
    )


class Embedded:
    """The embedded broker behind a gate."""

    def __init__(self) -> None:
        self.gate = DeviceGate(DEVICES, "small", RefusedSenders(), FixedClock(), signed_only=True)
        self.gate.admit_insider(*SERVER)
        self.broker = EmbeddedBroker(gate=self.gate)

    async def start(self) -> int:
        await self.broker.start()
        return int(self.broker.url.rpartition(":")[2])

    async def know(self, *credentials: Credential) -> None:
        self.gate.book = CredentialBook(credentials)

    async def stop(self) -> None:
        await self.broker.stop()


class Outside(Mosquitto):
    """A mosquitto that reads the exported files, anew on SIGHUP."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.probe = "probe", new_secret()
        super().__init__(folder, self.port, password="unused")
        with self._config.open("a") as file:
            file.write(f"acl_file {folder / 'acl'}\n")
        self._write()

    def _write(self, *credentials: Credential) -> None:
        live = CredentialBook(credentials).live(1000.0)
        servers = [BrokerUser(name, mosquitto_hash(password)) for name, password in (SERVER, self.probe)]
        files = broker_files(live, "small", servers)
        for name, text in {"users": files.passwords, "acl": files.topics}.items():
            (self.folder / name).write_text(text, "utf-8")
            (self.folder / name).chmod(0o600)

    async def know(self, *credentials: Credential) -> None:
        self.probe = "probe", new_secret()
        self._write(*credentials)
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(WAIT_S):
            while not await self._has_read():
                await asyncio.sleep(0.05)

    async def _has_read(self) -> bool:
        """Whether it knows what was written last."""
        with contextlib.suppress(aiomqtt.MqttError):
            async with client(self.port, *self.probe):
                return True
        return False

    async def stop(self) -> None:
        await self.kill()


@pytest.fixture(params=["embedded", "mosquitto"])
async def broker(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[Embedded | Outside, int]]:
    made: Embedded | Outside
    if request.param == "embedded":
        made = Embedded()
        port = await made.start()
    else:
        if MOSQUITTO is None:
            pytest.skip("mosquitto is not installed")
        made = Outside(tmp_path)
        await made.start()
        port = made.port
    yield made, port
    await made.stop()


def client(port: int, username: str | None, password: str | None) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", port, username=username, password=password, timeout=WAIT_S)


@contextlib.asynccontextmanager
async def listening(port: int) -> AsyncIterator[list[str]]:
    """The server's own client; the topics of what it hears."""
    heard: list[str] = []

    async def listen(server: aiomqtt.Client) -> None:
        async for message in server.messages:
            heard.append(f"{message.topic} {message.payload!r}")

    async with client(port, *SERVER) as server:
        await server.subscribe("twin/small/devices/+/telemetry", qos=1)
        task = asyncio.create_task(listen(server))
        yield heard
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_device_comes_in_with_its_secret_and_speaks_for_itself_alone(
    broker: tuple[Embedded | Outside, int],
) -> None:
    made, port = broker
    await made.know(credential(1))
    async with listening(port) as heard:
        async with client(port, "L 1~1", SECRETS[1]) as device:
            await device.publish(OTHER, b"not mine", qos=1)
            await device.publish(OWN, b"mine", qos=1)
        await until(lambda: bool(heard))
    assert heard == [f"{OWN} b'mine'"]


async def test_a_device_hears_its_own_commands_alone(broker: tuple[Embedded | Outside, int]) -> None:
    made, port = broker
    await made.know(credential(1))
    async with client(port, "L 1~1", SECRETS[1]) as device, client(port, *SERVER) as server:
        await device.subscribe(ORDERS, qos=1)
        with contextlib.suppress(aiomqtt.MqttError):  # a broker may refuse this, or send nothing
            await device.subscribe("twin/small/devices/+/command", qos=1)
        await server.publish("twin/small/devices/L-02/command", b"other", qos=1)
        await server.publish(ORDERS, b"own", qos=1)
        message = await asyncio.wait_for(anext(aiter(device.messages)), WAIT_S)
        assert (str(message.topic), message.payload) == (ORDERS, b"own")


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (None, None),
        ("L 1~1", "twd_wrong"),
        ("L 1~2", SECRETS[1]),
        ("L-02~1", SECRETS[1]),
        ("L 1", SECRETS[1]),
        ("L 1~1", ""),
        ("stranger", "stranger"),
    ],
    ids=["nobody", "wrong", "other-number", "other-device", "no-number", "empty", "stranger"],
)
async def test_who_cannot_sign_is_refused(
    broker: tuple[Embedded | Outside, int], username: str | None, password: str | None
) -> None:
    made, port = broker
    await made.know(credential(1), credential(2, revoked_ms=5))
    with pytest.raises(aiomqtt.MqttError):
        async with client(port, username, password):
            pass
    if isinstance(made, Embedded):
        assert made.gate.refused.total == 1


async def test_old_and_new_secret_are_both_good_until_the_old_one_ends(
    broker: tuple[Embedded | Outside, int],
) -> None:
    made, port = broker
    await made.know(credential(1, expires_ms=2000), credential(2))
    for number in (1, 2):
        async with client(port, f"L 1~{number}", SECRETS[number]) as device:
            await device.publish(OWN, b"x", qos=1)
    await made.know(credential(1, expires_ms=900), credential(2))
    with pytest.raises(aiomqtt.MqttError):
        async with client(port, "L 1~1", SECRETS[1]):
            pass
    async with client(port, "L 1~2", SECRETS[2]):
        pass


async def test_a_device_that_is_connected_is_heard_no_more_once_its_secret_is_revoked(
    broker: tuple[Embedded | Outside, int],
) -> None:
    made, port = broker
    await made.know(credential(1), credential(2))
    async with listening(port) as heard:
        with contextlib.suppress(aiomqtt.MqttError):  # mosquitto ends the connection
            async with client(port, "L 1~1", SECRETS[1]) as device:
                await device.publish(OWN, b"before", qos=1)
                await until(lambda: len(heard) == 1)
                await made.know(credential(1, revoked_ms=5), credential(2))
                await device.publish(OWN, b"after", qos=1)
        async with client(port, "L 1~2", SECRETS[2]) as other:
            await other.publish(OWN, b"still", qos=1)
        await until(lambda: len(heard) == 2)
    assert heard == [f"{OWN} b'before'", f"{OWN} b'still'"]
