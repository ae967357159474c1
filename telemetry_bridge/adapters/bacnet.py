"""BACnet/IP: subscribes to changes, polls what is silent or cannot be subscribed to, commands by priority.

Each controller is served by a task of its own: one that does not answer holds up nobody else.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace

from telemetry_bridge.adapter_file_bacnet import PRESENT_VALUE, BacnetSettings, ObjectEntry
from telemetry_bridge.adapter_file_parts import PointRef
from telemetry_bridge.adapters.bacnet_stack import RefusedError, Stack, Target
from telemetry_bridge.adapters.bacnet_values import (
    Seen,
    agrees,
    commanded_by,
    is_release,
    sample_of,
    selected,
    written_value,
)
from telemetry_bridge.adapters.delivery import Delivery, Sample
from telemetry_bridge.adapters.freshness import Freshness
from telemetry_bridge.adapters.listed_points import ListedPoints
from telemetry_bridge.adapters.rest import NoAnswerError, Rest
from telemetry_bridge.adapters.schedule import Schedule
from telemetry_bridge.adapters.upkeep import Patience
from telemetry_bridge.ending import end
from telemetry_bridge.points import Point, Registry
from telemetry_bridge.ports import Health
from telemetry_bridge.said import Said, located, said_of

LOG = logging.getLogger(__name__)

BEAT_S = 0.2
#: So many objects with three properties each fit into one APDU of 1,476 bytes with room to spare.
OBJECTS_AT_ONCE = 20
READ_BACK_PAUSES_S = (0.0, 0.2, 0.5, 1.0)
RENEW = "renew"
GOODBYE_S = 2.0
#: More often than the upkeep cancels the whole, which would interrupt it.
END_AGAIN_S = 0.1


class Controller:
    """One controller: what is subscribed at it, what is polled, and which commands are to be given back."""

    def __init__(
        self,
        entries: dict[int, ObjectEntry],
        settings: BacnetSettings,
        registry: Registry,
        delivery: Delivery,
    ) -> None:
        """`entries` are its points by the numbers of their subscriptions."""
        self._entries, self._settings, self._delivery = entries, settings, delivery
        self._by_ref = {entry.ref: entry for entry in entries.values()}
        # Changes are verified by reading once a period, however quiet the subscription is.
        self._periods_s = {ref: point.period_s for ref in self._by_ref if (point := registry.find(*ref))}
        self._freshness = Freshness(
            {ref: self._period_s(each, polled=not each.subscribable) for ref, each in self._by_ref.items()}
        )
        self._one_by_one = False
        self._adopted = False
        self._until_s: dict[PointRef, float] = {}
        self._rest = Rest(settings.timeout_s)
        self._schedule = Schedule({}, 0.0)

    @property
    def answers(self) -> bool:
        """Whether it answered when last asked."""
        return not self._rest.resting

    def _period_s(self, entry: ObjectEntry, *, polled: bool) -> float:
        if not polled:
            return self._periods_s[entry.ref]
        return entry.poll_s or self._settings.poll_s

    async def serve(self, stack: Stack) -> None:
        """Keep its points up to date until cancelled."""
        loop = asyncio.get_running_loop()
        self._freshness.forget()
        self._renew_now()
        while True:
            if not self._rest.rests(self, loop.time()):
                try:
                    await self._step(stack)
                except NoAnswerError as error:
                    self._silent(error)
            await asyncio.sleep(BEAT_S)

    def _renew_now(self) -> None:
        """Subscribe at the next beat, and again at half of the lifetime."""
        period_s = self._settings.cov_lifetime_s / 2
        self._schedule = Schedule({RENEW: period_s}, asyncio.get_running_loop().time())

    def _silent(self, error: NoAnswerError) -> None:
        """It does not answer: its points are bad, and it may have forgotten what was subscribed to."""
        self._rest.silent(self, asyncio.get_running_loop().time())
        self._freshness.forget()
        self._renew_now()
        faults = {ref: f"{each.controller} {said_of(error)}" for ref, each in self._by_ref.items()}
        self._delivery.take(
            [
                Sample(ref, fault=Said(fault, "controller-silent", controller=self._by_ref[ref].controller))
                for ref, fault in faults.items()
            ]
        )

    async def _step(self, stack: Stack) -> None:
        loop = asyncio.get_running_loop()
        due = [self._by_ref[ref] for ref in self._freshness.due(loop.time())]
        for start in range(0, len(due), OBJECTS_AT_ONCE):
            await self._poll(stack, due[start : start + OBJECTS_AT_ONCE])
        if not self._adopted:
            await self._adopt(stack)
        if self._schedule.due(loop.time()):
            for number, entry in self._entries.items():
                await self._subscribe(stack, number, entry)
        for ref in [ref for ref, until_s in self._until_s.items() if until_s <= loop.time()]:
            await self._give_back(stack, ref)

    async def _poll(self, stack: Stack, entries: Sequence[ObjectEntry]) -> None:
        """Read what is due: in one request, or one by one where the controller does not know such."""
        selectors = [entry for entry in entries if entry.release is not None]
        for entry in selectors:
            await self._show_or_fault(stack, entry)
        await self._poll_values(stack, [entry for entry in entries if entry.release is None])

    async def _poll_values(self, stack: Stack, entries: Sequence[ObjectEntry]) -> None:
        if not entries:
            return
        targets = [self.target(entry) for entry in entries]
        if not self._one_by_one:
            try:
                found = await stack.read_many(targets)
            except RefusedError as error:
                self._one_by_one = error.unsupported
                LOG.info("%s: %s; read one by one", entries[0].controller, error)
            else:
                self._take(list(zip(entries, found, strict=True)))
                return
        for entry in entries:
            await self._show_or_fault(stack, entry)

    async def _show_or_fault(self, stack: Stack, entry: ObjectEntry) -> None:
        try:
            await self.show(stack, entry)
        except RefusedError as error:
            self._take([(entry, Seen(fault=said_of(error)))])

    def _take(self, found: Sequence[tuple[ObjectEntry, Seen]]) -> None:
        now_s = asyncio.get_running_loop().time()
        self._rest.answered(self)
        for entry, _ in found:
            self._freshness.heard(entry.ref, now_s)
        self._delivery.take([sample_of(entry, seen) for entry, seen in found])

    def changed(self, number: int, seen: Seen) -> bool:
        """Take a change that the controller reports; False: it is not one of its own."""
        entry = self._entries.get(number)
        if entry is not None:
            self._take([(entry, seen)])
        return entry is not None

    async def _subscribe(self, stack: Stack, number: int, entry: ObjectEntry) -> None:
        """Subscribe, or go on; what is refused is polled until the next time."""
        if not entry.subscribable:
            return
        polled = False
        try:
            await stack.subscribe(self.target(entry), number)
        except RefusedError as error:
            polled = True
            LOG.info("%s: no subscription: %s; it is polled", entry.place, error)
        self._freshness.set_period(entry.ref, self._period_s(entry, polled=polled))

    async def unsubscribe(self, stack: Stack) -> None:
        """Say goodbye, where it answers."""
        if not self.answers:
            return
        for number, entry in self._entries.items():
            if entry.subscribable:
                with contextlib.suppress(RefusedError, NoAnswerError):
                    await stack.unsubscribe(self.target(entry), number)

    async def _adopt(self, stack: Stack) -> None:
        """Give back in time what an earlier run of the server has commanded."""
        for ref, entry in self._by_ref.items():
            if entry.hold_s is not None:
                with contextlib.suppress(RefusedError):
                    slots = await stack.priorities(self.target(entry))
                    if slots[entry.priority - 1] is not None:
                        self.hold(ref)
        self._adopted = True

    def hold(self, ref: PointRef) -> None:
        """Give a command back when its time is over."""
        hold_s = self._by_ref[ref].hold_s
        if hold_s is not None:
            self._until_s[ref] = asyncio.get_running_loop().time() + hold_s

    def release(self, ref: PointRef) -> None:
        """Note that a command was given back."""
        self._until_s.pop(ref, None)

    async def _give_back(self, stack: Stack, ref: PointRef) -> None:
        entry = self._by_ref[ref]
        try:
            await stack.write(self.target(entry), None, entry.priority)
            LOG.info("%s: given back after %g s", entry.place, entry.hold_s)
        except RefusedError as error:
            self._delivery.take(
                [Sample(ref, fault=located(f"cannot be given back: {error}", place=entry.place))]
            )
        self.release(ref)
        await self._poll(stack, [entry])

    async def show(self, stack: Stack, entry: ObjectEntry) -> Seen:
        """Read one point and deliver it. NoAnswerError, RefusedError."""
        if entry.release is None:
            seen = await stack.read(self.target(entry))
        else:
            seen = selected(entry, await stack.priorities(self.target(entry)))
        self._take([(entry, seen)])
        return seen

    def target(self, entry: ObjectEntry) -> Target:
        """Where a point stands."""
        return Target(self._settings.controllers[entry.controller], entry.object, entry.reads)


class BacnetAdapter(ListedPoints[ObjectEntry]):
    """The controllers of one BACnet/IP network."""

    def __init__(
        self, settings: BacnetSettings, registry: Registry, patience: Patience | None = None
    ) -> None:
        super().__init__(settings.id, settings.points, registry, (NoAnswerError, RefusedError), patience)
        self._settings = settings
        known = tuple(self._entries.values())
        self._controllers = {
            name: Controller(
                {number: each for number, each in enumerate(known, 1) if each.controller == name},
                settings,
                registry,
                self._delivery,
            )
            for name in dict.fromkeys(each.controller for each in known)
        }
        self._stack: Stack | None = None

    @property
    def _address(self) -> str:
        silent = ", ".join(self._silent)
        return f"BACnet/IP {self._settings.address}" + (f" (no answer from {silent})" if silent else "")

    @property
    def _silent(self) -> list[str]:
        """The controllers that do not answer."""
        return [name for name, each in self._controllers.items() if not each.answers]

    async def stop(self) -> None:
        """Say goodbye to the controllers and close the port."""
        stack, self._stack = self._stack, None
        if stack is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(self._settings.timeout_s, GOODBYE_S)):
                    await asyncio.gather(*(each.unsubscribe(stack) for each in self._controllers.values()))
        await super().stop()

    def health(self) -> Health:
        """Say which controllers answer, and what came."""
        health = super().health()
        return replace(health, connected=health.connected and len(self._silent) < len(self._controllers))

    async def _work(self) -> None:
        stack = Stack(self._settings, self._changed)
        try:
            self._stack = stack
            self._upkeep.is_up()
            await self._serve(stack)
        finally:
            self._stack = None
            stack.close()

    async def _serve(self, stack: Stack) -> None:
        """Serve all controllers; no task group, which cancels its tasks once and then waits for ever."""
        tasks = [
            asyncio.create_task(controller.serve(stack), name=f"{self._name} {name}")
            for name, controller in self._controllers.items()
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            await end(*tasks, again_s=END_AGAIN_S)

    def _changed(self, number: int, seen: Seen) -> None:
        any(controller.changed(number, seen) for controller in self._controllers.values())

    async def _write(self, entry: ObjectEntry, point: Point, value: float) -> None:
        stack, controller = self._stack, self._controllers[entry.controller]
        if stack is None:
            raise ConnectionError(f"no network: {self._upkeep.trouble}")
        priority = entry.priority if entry.reads == PRESENT_VALUE else None
        if is_release(entry, value, point):
            await stack.write(controller.target(entry), None, priority)
            controller.release(entry.ref)
            await controller.show(stack, entry)
        else:
            raw = written_value(entry, value, point)
            await stack.write(controller.target(entry), raw, priority)
            controller.hold(entry.ref)
            await self._follow(stack, controller, entry, raw)

    async def _follow(self, stack: Stack, controller: Controller, entry: ObjectEntry, raw: float) -> None:
        """Wait a moment for the object to have the value. ValueError: somebody else commands it."""
        seen = Seen()
        for pause_s in READ_BACK_PAUSES_S:
            await asyncio.sleep(pause_s)
            seen = await controller.show(stack, entry)
            if agrees(raw, seen):
                break
        higher: int | None = None
        if entry.reads == PRESENT_VALUE:
            with contextlib.suppress(RefusedError):  # an object need not have priorities
                higher = commanded_by(await stack.priorities(controller.target(entry)), entry.priority)
        if higher:
            raise ValueError(f"was written as {raw:g}, but priority {higher} commands it")
        if not agrees(raw, seen):
            raise ValueError(f"was written as {raw:g} but reads {seen.value}")
