"""The front to bacpypes3: requests in our terms, and its refusals as errors of ours."""

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bacpypes3.apdu import (
    AbortPDU,
    ErrorRejectAbortNack,
    RejectPDU,
    SimpleAckPDU,
    SubscribeCOVRequest,
)
from bacpypes3.basetypes import ErrorType
from bacpypes3.errors import AbortException, ExecutionError, RejectException
from bacpypes3.ipv4.app import NormalApplication
from bacpypes3.local.device import DeviceObject
from bacpypes3.pdu import Address, IPv4Address
from bacpypes3.primitivedata import Null, ObjectIdentifier
from bacpypes3.vendor import get_vendor_info

from telemetry_bridge.adapter_file_bacnet import BacnetSettings
from telemetry_bridge.adapters.bacnet_values import Seen
from telemetry_bridge.adapters.rest import NoAnswerError
from telemetry_bridge.said import Said

#: Where there is none of our own: ASHRAE's number, for standard objects.
ASHRAE = 0
NO_ANSWER = ("no-response", "apdu-timeout", "tsm-timeout", "application-exceeded-reply-time")
STATUS = ("status-flags", "reliability")

#: What the library raises where a controller's answer is not as the standard has it.
ODD_ANSWERS = (
    AbortException,
    RejectException,
    ExecutionError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)

#: Called with a subscription's number and what changed.
OnChange = Callable[[int, Seen], None]


class RefusedError(Exception):
    """A request that the controller refused; `unsupported` where it does not know such requests."""

    def __init__(self, reason: str, *, unsupported: bool = False) -> None:
        self.unsupported = unsupported
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Target:
    """An object's property at a controller."""

    address: str
    object: str
    property: str = "present-value"


@dataclass(slots=True)
class _Parts:
    """What came of one object, property by property."""

    values: dict[str, Any] = field(default_factory=dict)

    def seen(self, name: str) -> Seen:
        value = self.values.get(name)
        if isinstance(value, ErrorType):
            text = f"{value.errorClass}: {value.errorCode}"
            return Seen(fault=Said(text, "device-refused", text=text))
        flags, reliability = (self.values.get(each) for each in STATUS)
        return Seen(
            _plain(value),
            tuple(bool(each) for each in flags) if isinstance(flags, list) else (),
            "" if reliability is None or isinstance(reliability, ErrorType) else str(reliability),
        )


class _Application(NormalApplication):  # type: ignore[misc]
    """Our device on the network; changes of what is subscribed to go to `on_change`."""

    on_change: OnChange

    async def do_ConfirmedCOVNotificationRequest(self, apdu: Any) -> None:  # noqa: N802 - the library's name
        """Take a change and confirm it."""
        self._take(apdu)
        await self.response(SimpleAckPDU(context=apdu))

    async def do_UnconfirmedCOVNotificationRequest(self, apdu: Any) -> None:  # noqa: N802
        """Take a change."""
        self._take(apdu)

    def _take(self, apdu: Any) -> None:
        kind = get_vendor_info(ASHRAE).get_object_class(apdu.monitoredObjectIdentifier[0])
        parts = _Parts()
        for each in apdu.listOfValues:
            value_type = kind and kind.get_property_type(each.propertyIdentifier)
            if value_type is not None:
                parts.values[str(each.propertyIdentifier)] = each.value.cast_out(value_type)
        if "present-value" in parts.values:
            self.on_change(int(apdu.subscriberProcessIdentifier), parts.seen("present-value"))


class Stack:
    """Our side of a BACnet/IP network; make it within an event loop, and `close` it."""

    def __init__(self, settings: BacnetSettings, on_change: OnChange) -> None:
        """Open the port.

        Raises:
            OSError: the address is not this machine's, or the port is taken.
        """
        own = IPv4Address(settings.address)
        _check_free(own.addrTuple)
        self._settings = settings
        timeout_ms = round(settings.timeout_s * 1000)
        device = DeviceObject(
            objectIdentifier=("device", settings.instance),
            objectName="Venue Twin",
            vendorIdentifier=ASHRAE,
            apduTimeout=timeout_ms,
            apduSegmentTimeout=timeout_ms,
            numberOfApduRetries=settings.retries,
        )
        self._app = _Application(device, own)
        self._app.on_change = on_change

    def close(self) -> None:
        """Close the port."""
        self._app.close()

    async def read(self, target: Target) -> Seen:
        """Read a property, with its object's flags. NoAnswerError, RefusedError."""
        address = Address(target.address)
        parts = _Parts()
        with _told():
            parts.values[target.property] = await self._app.read_property(
                address, target.object, target.property
            )
        for name in STATUS:
            try:
                with _told():
                    parts.values[name] = await self._app.read_property(address, target.object, name)
            except RefusedError:
                continue  # an object need not have them
        return parts.seen(target.property)

    async def read_many(self, targets: Sequence[Target]) -> list[Seen]:
        """Read properties of objects of one controller in one request. NoAnswerError, RefusedError."""
        wanted: list[Any] = []
        for target in targets:
            wanted += [target.object, [target.property, *STATUS]]
        with _told():
            answer = await self._app.read_property_multiple(Address(targets[0].address), wanted)
        found: dict[tuple[str, int], _Parts] = {}
        for (kind, instance), name, _, value in answer or ():
            found.setdefault((str(kind), int(instance)), _Parts()).values[str(name)] = value
        return [self._of(target, found) for target in targets]

    def _of(self, target: Target, found: dict[tuple[str, int], _Parts]) -> Seen:
        kind, _, instance = target.object.partition(",")
        parts = found.get((kind, int(instance)))
        return (
            Seen(fault=Said("not in the answer", "no-value"))
            if parts is None
            else parts.seen(target.property)
        )

    async def subscribe(self, target: Target, number: int) -> None:
        """Ask for changes of an object, or go on asking. NoAnswerError, RefusedError."""
        request = SubscribeCOVRequest(
            subscriberProcessIdentifier=number,
            monitoredObjectIdentifier=ObjectIdentifier(target.object),
            issueConfirmedNotifications=True,
            lifetime=self._settings.cov_lifetime_s,
            destination=Address(target.address),
        )
        with _told():
            await self._app.request(request)

    async def unsubscribe(self, target: Target, number: int) -> None:
        """Ask for changes no more. NoAnswerError, RefusedError."""
        request = SubscribeCOVRequest(
            subscriberProcessIdentifier=number,
            monitoredObjectIdentifier=ObjectIdentifier(target.object),
            destination=Address(target.address),
        )
        with _told():
            await self._app.request(request)

    async def write(self, target: Target, value: float | int | None, priority: int | None) -> None:
        """Write a property; None gives it back. NoAnswerError, RefusedError."""
        content = Null(()) if value is None else value
        with _told():
            await self._app.write_property(
                Address(target.address), target.object, target.property, content, None, priority
            )

    async def priorities(self, target: Target) -> list[object]:
        """Read who commands an object: 16 values, None where nobody does. NoAnswerError, RefusedError."""
        with _told():
            slots = await self._app.read_property(Address(target.address), target.object, "priority-array")
        return [None if each._choice == "null" else getattr(each, each._choice) for each in slots]


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turn refusals, which are no exceptions for Python, into errors of ours."""
    try:
        yield
    except ErrorRejectAbortNack as refusal:
        reason = str(refusal)
        if isinstance(refusal, AbortPDU) and reason in NO_ANSWER:
            raise NoAnswerError("does not answer") from None
        raise RefusedError(
            Said(reason, "device-refused", text=reason), unsupported=isinstance(refusal, RejectPDU | AbortPDU)
        ) from None
    except ODD_ANSWERS as error:
        text = f"an answer that cannot be read: {error!r}"
        raise RefusedError(Said(text, "device-refused", text=text)) from error


def _plain(value: Any) -> float | str | None:
    """A value of the library's types as a number or a text; what is neither is its text."""
    if value is None or isinstance(value, Null):
        return None
    if isinstance(value, bool | int | float):
        return float(value)
    return str(value)


def _check_free(address: tuple[str, int]) -> None:
    """Raise OSError where the port is taken: the library would share it, and each would hear the half."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(address)
        except OSError as error:
            host, port = address
            raise OSError(error.errno, f"UDP {host}:{port} cannot be used: {error.strerror}") from error
