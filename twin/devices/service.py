"""Devices as people keep them, while the twin runs: facts, secrets, who was turned away."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import Clock
from twin.control.interlocks import Hold
from twin.devices.gate import DeviceGate
from twin.devices.keyring import Keyring
from twin.devices.ledger import Ledger
from twin.devices.rejections import Rejections
from twin.events.log import EventLog


class Devices:
    """What requests about devices work with; `clock` is the machine's."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock, gate: DeviceGate) -> None:
        self.clock, self.gate = clock, gate
        self.ledger = Ledger(engine, log, clock)
        self.rejections = Rejections(engine, log, clock)
        self.keyring = Keyring(engine, log, clock)

    async def holds(self, devices: Collection[str]) -> dict[str, tuple[Hold, ...]]:
        """Which of some devices somebody set aside for maintenance."""
        held = await self.ledger.in_maintenance()
        return {device: (Hold(why),) for device, why in held.items() if device in devices}
