"""Who may speak for which device: asked at every message, answered from memory.

What other processes change in the database (the command line, another server) counts within `REFRESH_S`.
"""

import asyncio
from collections.abc import Collection

import structlog
from sqlalchemy.exc import SQLAlchemyError

from telemetry_bridge.clock import Clock
from telemetry_bridge.gate import Use, device_of_topic
from telemetry_bridge.payload import command_topic, speaks_for_all, telemetry_topic
from telemetry_bridge.refused import RefusedSenders, SenderFault, Way
from twin.accounts.secrets import same
from twin.devices.credentials import Credential, CredentialBook
from twin.devices.errors import SenderError
from twin.devices.keyring import Keyring, Mark

LOG = structlog.get_logger(__name__)

REFRESH_S = 2.0
USES_EVERY_MS = 60_000

SAYS: dict[SenderFault, str] = {
    "bad_secret": "this secret was never issued to a device; ask for one: twin devices issue",
    "revoked": "this secret was revoked; ask for a new one: twin devices issue",
    "expired": "this secret was replaced, and its time is over; use the device's new one",
    "unknown_device": "the device of this secret is not in the registry any more",
}


class DeviceGate:
    """Lets devices in by their secrets; counts whom it turns away.

    `devices` are those of the registry. A device without a secret may speak unsigned unless `signed_only`;
    one that has a secret may not, or its secret would protect nothing.
    """

    def __init__(
        self,
        devices: Collection[str],
        venue: str,
        refused: RefusedSenders,
        clock: Clock,
        *,
        signed_only: bool = False,
    ) -> None:
        self._devices, self._venue, self._clock = devices, venue, clock
        self.refused, self.signed_only = refused, signed_only
        self.book = CredentialBook()
        self._insider: tuple[str, str] | None = None
        self._mark: Mark | None = None
        self._reading = asyncio.Lock()
        self._used_ms: dict[str, int] = {}
        self._unwritten: dict[str, int] = {}

    # HTTP

    def sender(self, secret: str) -> str:
        """The device that a bearer secret is of.

        Raises:
            SenderError: it is not good; that is counted.
        """
        found = self._checked(secret)
        if isinstance(found, Credential):
            self._note_use(found)
            return found.device
        known = self.book.find(secret)
        self._count("http", "" if known is None else known.device, found)
        raise SenderError(SAYS.get(found, "this secret is not good"), reason=found)

    def count_wrong_device(self, sender: str) -> None:
        """Note that a device spoke for another one."""
        self._count("http", sender, "wrong_device")

    # MQTT: telemetry_bridge.gate.Gate

    def admits(self, username: str | None, password: str | None) -> bool:
        """As `Gate.admits`."""
        if self._is_insider(username, password):
            return True
        if not username and not password:
            return self._no_fault("", "no_secret" if self.signed_only else None)
        found = self._checked(password or "")
        if not isinstance(found, Credential):
            return self._no_fault(username or "", found)
        if found.username != username:
            return self._no_fault(username or "", "wrong_device")
        self._note_use(found)
        return True

    def permits(self, username: str | None, password: str | None, topic: str, use: Use) -> bool:
        """As `Gate.permits`; of a client whose secret was revoked meanwhile nothing is taken any more.

        The secret is checked at each message: that costs a microsecond, and what a broker remembers of a
        session need not be trusted.
        """
        if self._is_insider(username, password):
            return True
        if not username and not password:
            return self._unsigned_permits(topic, use)
        found = self._checked(password or "")
        if not isinstance(found, Credential):
            return self._no_fault(username or "", found)
        if found.username != username:
            return self._no_fault(username or "", "wrong_device")
        allowed = self._own_topic(found.device, use)
        return topic == allowed or self._no_fault(username, self._topic_fault(topic, use))

    def admit_insider(self, username: str, password: str) -> None:
        """As `Gate.admit_insider`."""
        self._insider = username, password

    def _is_insider(self, username: str | None, password: str | None) -> bool:
        if self._insider is None or username != self._insider[0]:
            return False
        return same(password or "", self._insider[1])

    def _unsigned_permits(self, topic: str, use: Use) -> bool:
        """Whoever showed no secret may listen, and speak for and to devices that have none either."""
        if self.signed_only:
            return self._no_fault("", "no_secret")
        if use is not Use.PUBLISH:
            return True
        device = device_of_topic(topic, self._venue, "telemetry")
        device = device or device_of_topic(topic, self._venue, "command")
        if device is not None and self.book.signs(device, self._clock.now_ms()):
            return self._no_fault(device, "no_secret")
        if speaks_for_all(self._venue, topic) and self._any_signs():
            return self._no_fault("", "no_secret")
        return True

    def _any_signs(self) -> bool:
        now_ms = self._clock.now_ms()
        return any(each.fault(now_ms) is None for each in self.book.credentials)

    def _own_topic(self, device: str, use: Use) -> str:
        topic = telemetry_topic if use is Use.PUBLISH else command_topic
        return topic(self._venue, device)

    def _topic_fault(self, topic: str, use: Use) -> SenderFault:
        kind = "telemetry" if use is Use.PUBLISH else "command"
        return "wrong_topic" if device_of_topic(topic, self._venue, kind) is None else "wrong_device"

    # Both

    def _checked(self, secret: str) -> Credential | SenderFault:
        found = self.book.check(secret, self._clock.now_ms())
        if isinstance(found, Credential) and found.device not in self._devices:
            return "unknown_device"
        return found

    def _no_fault(self, name: str, fault: SenderFault | None) -> bool:
        """True; where there is a fault it is counted, and False."""
        if fault is not None:
            self._count("mqtt", name, fault)
        return fault is None

    def _count(self, way: Way, name: str, fault: SenderFault) -> None:
        self.refused.count(way, name, fault)

    def _note_use(self, credential: Credential) -> None:
        now = int(self._clock.now_ms())
        if now - self._used_ms.get(credential.id, 0) >= USES_EVERY_MS:
            self._used_ms[credential.id] = self._unwritten[credential.id] = now

    # What the database says

    async def refresh(self, keyring: Keyring) -> bool:
        """Read the secrets anew if they changed; whether they did.

        One at a time: what was read before a revocation must not replace what was read after it.
        """
        async with self._reading:
            mark = await keyring.mark()
            if mark == self._mark:
                return False
            self.book, self._mark = await keyring.book(), mark
            return True

    async def run(self, keyring: Keyring, every_s: float = REFRESH_S) -> None:
        """Keep up with the database until cancelled; one that is away is tried again."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.refresh(keyring)
                await self._write_uses(keyring)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                LOG.warning("the devices' secrets cannot be read; those known count", reason=str(error))

    async def _write_uses(self, keyring: Keyring) -> None:
        """Write down what was used since; what cannot be written now is written the next time."""
        uses, self._unwritten = self._unwritten, {}
        try:
            await keyring.note_uses(uses)
        except BaseException:
            self._unwritten = uses | self._unwritten
            raise
