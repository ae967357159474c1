"""A BACnet/IP device of bacpypes3 as the peer of the tests, on a port of this machine."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from bacpypes3.apdu import ReadPropertyACK, SubscribeCOVRequest
from bacpypes3.errors import ExecutionError
from bacpypes3.ipv4.app import NormalApplication
from bacpypes3.local.analog import AnalogInputObject, AnalogOutputObject
from bacpypes3.local.binary import BinaryOutputObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.multistate import MultiStateInputObject
from bacpypes3.pdu import IPv4Address
from bacpypes3.primitivedata import CharacterString


class _Device(NormalApplication):  # type: ignore[misc]
    """Counts what is asked of it; can refuse subscriptions and reads of many properties, be mute, and lie."""

    refuses_cov = False
    refuses_many = False
    mute = False
    lies = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.asked: list[str] = []

    async def indication(self, apdu: Any) -> None:
        if not self.mute:
            self.asked.append(type(apdu).__name__)
            await super().indication(apdu)

    async def do_SubscribeCOVRequest(self, apdu: SubscribeCOVRequest) -> None:  # noqa: N802 - the library's
        if self.refuses_cov:
            raise ExecutionError("services", "cov-subscription-failed")
        await super().do_SubscribeCOVRequest(apdu)

    async def do_ReadPropertyRequest(self, apdu: Any) -> None:  # noqa: N802 - the library's name
        if not self.lies:
            await super().do_ReadPropertyRequest(apdu)
            return
        answer = ReadPropertyACK(
            objectIdentifier=apdu.objectIdentifier,
            propertyIdentifier=apdu.propertyIdentifier,
            propertyValue=CharacterString("a text where a number should be"),
            context=apdu,
        )
        await self.response(answer)

    async def do_ReadPropertyMultipleRequest(self, apdu: Any) -> None:  # noqa: N802 - the library's name
        if self.refuses_many:
            raise ExecutionError("services", "service-request-denied")
        await super().do_ReadPropertyMultipleRequest(apdu)


class Peer:
    """A device with a sensor, a mode, a lamp and a setpoint; stop it and start it again on the same port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.sensor: Any = None
        self.mode: Any = None
        self.lamp: Any = None
        self.setpoint: Any = None
        self.device: Any = None

    def start(self, temperature: float = 21.5) -> None:
        self.sensor = AnalogInputObject(
            objectIdentifier=("analog-input", 1),
            objectName="temperature",
            presentValue=temperature,
            covIncrement=0.1,
            units="degrees-celsius",
            reliability="no-fault-detected",
        )
        self.mode = MultiStateInputObject(
            objectIdentifier=("multi-state-input", 1), objectName="mode", presentValue=2, numberOfStates=3
        )
        self.lamp = BinaryOutputObject(
            objectIdentifier=("binary-output", 1),
            objectName="lamp",
            presentValue="inactive",
            relinquishDefault="inactive",
        )
        self.setpoint = AnalogOutputObject(
            objectIdentifier=("analog-output", 1),
            objectName="setpoint",
            presentValue=20.0,
            relinquishDefault=20.0,
            covIncrement=0.1,
            units="degrees-celsius",
        )
        device = DeviceObject(
            objectIdentifier=("device", 1001), objectName="ahu", vendorIdentifier=999, apduTimeout=500
        )
        self.device = _Device(device, IPv4Address(f"127.0.0.1:{self.port}"))
        for each in (self.sensor, self.mode, self.lamp, self.setpoint):
            self.device.add_object(each)

    @property
    def subscriptions(self) -> int:
        """How many subscriptions it holds."""
        return sum(len(each.cov_subscriptions) for each in self.device._cov_detections.values())

    def stop(self) -> None:
        if self.device is not None:
            self.device.close()
            self.device = None


@contextlib.asynccontextmanager
async def bacnet_peer(port: int) -> AsyncIterator[Peer]:
    """A running device, until the block ends."""
    peer = Peer(port)
    peer.start()
    try:
        yield peer
    finally:
        peer.stop()
