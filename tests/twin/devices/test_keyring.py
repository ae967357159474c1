"""Secrets and facts in databases of both kinds."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.errors import FaultsError
from telemetry_bridge.refused import RefusedSenders
from tests.twin.devices.test_gate import FixedClock
from twin.devices.credentials import CredentialBook
from twin.devices.errors import CredentialError
from twin.devices.facts import Facts
from twin.devices.gate import DeviceGate
from twin.devices.keyring import MOST_LIVE, Keyring, Mark
from twin.devices.ledger import Change, Ledger
from twin.devices.rejections import Rejections
from twin.errors import NotFoundError
from twin.events.log import EventFilter, EventLog
from twin.store.tables import DEVICE_CREDENTIAL

ACTOR = "person:chen"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def log(engine: AsyncEngine, clock: FixedClock) -> EventLog:
    return EventLog(engine, clock)


@pytest.fixture
def keyring(engine: AsyncEngine, log: EventLog, clock: FixedClock) -> Keyring:
    return Keyring(engine, log, clock)


async def test_a_secret_is_known_by_its_hash_alone(keyring: Keyring, engine: AsyncEngine) -> None:
    (issued,) = await keyring.issue(["L-01"], ACTOR)
    book = await keyring.book()
    assert book.check(issued.secret, 0) == issued.credential
    async with engine.connect() as connection:
        row = (await connection.execute(select(DEVICE_CREDENTIAL))).one()
    assert issued.secret not in str(row)


async def test_rotating_lets_the_old_ones_end_and_counts_on(keyring: Keyring, clock: FixedClock) -> None:
    (first,) = await keyring.issue(["L-01"], ACTOR)
    (second,) = await keyring.rotate(["L-01"], ACTOR, 500)
    (third,) = await keyring.rotate(["L-01"], ACTOR, 9000)
    book = await keyring.book()
    assert [each.credential.number for each in (first, second, third)] == [1, 2, 3]
    clock.time_ms += 500
    assert book.check(first.secret, clock.time_ms) == "expired"  # the second rotation gave it no more time
    assert book.check(second.secret, clock.time_ms) != "expired"
    assert book.check(third.secret, 1e15) == third.credential


async def test_too_many_good_secrets_are_refused_and_none_of_the_list_is_issued(keyring: Keyring) -> None:
    for _ in range(MOST_LIVE):
        await keyring.issue(["L-01"], ACTOR)
    with pytest.raises(CredentialError, match="L-01"):
        await keyring.issue(["L-02", "L-01"], ACTOR)
    assert not (await keyring.book()).signs("L-02", 0)


async def test_revoking_what_is_not_good_is_an_error(keyring: Keyring) -> None:
    await keyring.issue(["L-01"], ACTOR)
    with pytest.raises(NotFoundError):
        await keyring.revoke("L-01", ACTOR, 2)
    await keyring.revoke("L-01", ACTOR)
    with pytest.raises(NotFoundError):
        await keyring.revoke("L-01", ACTOR)


async def test_a_gate_learns_of_every_change_and_reads_no_more_than_it_must(
    keyring: Keyring, clock: FixedClock
) -> None:
    gate = DeviceGate({"L-01"}, "small", RefusedSenders(), clock)
    assert await gate.refresh(keyring)
    assert not await gate.refresh(keyring)
    for change in (
        lambda: keyring.issue(["L-01"], ACTOR),
        lambda: keyring.rotate(["L-01"], ACTOR, 5),
        lambda: keyring.revoke("L-01", ACTOR, 1),
    ):
        await change()
        assert await gate.refresh(keyring)
        assert gate.book.credentials == (await keyring.book()).credentials


async def test_revocations_of_one_moment_are_all_learned_of(keyring: Keyring, clock: FixedClock) -> None:
    await keyring.issue(["L-01", "L-02"], ACTOR)
    gate = DeviceGate({"L-01", "L-02"}, "small", RefusedSenders(), clock)
    for device in ("L-01", "L-02"):
        await keyring.revoke(device, ACTOR)
        await gate.refresh(keyring)
        assert not gate.book.signs(device, clock.time_ms)


async def test_admins_who_issue_at_once_get_a_secret_each(keyring: Keyring) -> None:
    made = await asyncio.gather(*(keyring.issue(["L-01"], ACTOR) for _ in range(4)))
    assert sorted(issued.credential.number for (issued,) in made) == [1, 2, 3, 4]


class SlowKeyring(Keyring):
    """A keyring whose first book is handed over late."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.was_read, self.goes_on = asyncio.Event(), asyncio.Event()
        self.is_first = True

    async def mark(self) -> Mark:
        return await self.keyring.mark()

    async def book(self) -> CredentialBook:
        book = await self.keyring.book()
        if self.is_first:
            self.is_first = False
            self.was_read.set()
            await self.goes_on.wait()
        return book


async def test_what_was_read_before_a_revocation_does_not_undo_it(
    keyring: Keyring, clock: FixedClock
) -> None:
    (issued,) = await keyring.issue(["L-01"], ACTOR)
    gate = DeviceGate({"L-01"}, "small", RefusedSenders(), clock)
    slow = SlowKeyring(keyring)
    timer = asyncio.create_task(gate.refresh(slow))
    await slow.was_read.wait()
    await keyring.revoke("L-01", ACTOR)
    request = asyncio.create_task(gate.refresh(slow))
    await asyncio.wait({request}, timeout=0.5)  # it may wait for the other, and must not come before it
    slow.goes_on.set()
    await asyncio.gather(timer, request)
    assert gate.book.check(issued.secret, clock.time_ms) == "revoked"


class ForgetfulKeyring(Keyring):
    """A keyring that cannot write the first time."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.written: list[dict[str, int]] = []
        self.was_asked = asyncio.Event()

    async def mark(self) -> Mark:
        return await self.keyring.mark()

    async def book(self) -> CredentialBook:
        return await self.keyring.book()

    async def note_uses(self, used_ms: dict[str, int]) -> None:
        if not used_ms:
            return
        self.written.append(dict(used_ms))
        if len(self.written) == 1:
            raise OperationalError("UPDATE", {}, OSError("the disk is away"))
        self.was_asked.set()


async def test_a_use_that_could_not_be_written_is_written_later(keyring: Keyring, clock: FixedClock) -> None:
    (issued,) = await keyring.issue(["L-01"], ACTOR)
    gate = DeviceGate({"L-01"}, "small", RefusedSenders(), clock)
    forgetful = ForgetfulKeyring(keyring)
    await gate.refresh(forgetful)
    clock.time_ms += 1e6
    gate.sender(issued.secret)
    task = asyncio.create_task(gate.run(forgetful, 0.001))
    async with asyncio.timeout(30):
        await forgetful.was_asked.wait()
    task.cancel()
    assert forgetful.written == [{issued.credential.id: int(clock.time_ms)}] * 2


async def test_uses_are_written_down(keyring: Keyring) -> None:
    (issued,) = await keyring.issue(["L-01"], ACTOR)
    await keyring.note_uses({issued.credential.id: 77})
    book: CredentialBook = await keyring.book()
    assert [each.used_ms for each in book.credentials] == [77]


async def test_facts_are_taken_whole_or_not_at_all(
    engine: AsyncEngine, log: EventLog, clock: FixedClock
) -> None:
    ledger, base = Ledger(engine, log, clock), {"L-01": Facts(model="M1"), "L-02": Facts()}
    with pytest.raises(FaultsError):
        await ledger.change([Change("L-01", {"model": "M2"}), Change("L-03", {})], base, ACTOR)
    assert await ledger.all() == {}
    assert await ledger.change([Change("L-01", {"model": "M2"})], base, ACTOR, dry_run=True) == ("L-01",)
    assert await ledger.all() == {}
    await ledger.change([Change("L-01", {"model": "M2"}), Change("L-02", {})], base, ACTOR, "checked")
    (entry,) = (await ledger.all()).values()
    assert (entry.written["model"], entry.changed_by) == ("M2", ACTOR)
    (event,) = await log.find(EventFilter(type="device.*"), 10)
    assert event.data == {"changed": {"model": ["M1", "M2"]}, "reason": "checked"}
    assert (event.subject, event.actor) == ("device:L-01", ACTOR)


async def test_what_two_people_write_at_once_is_both_kept(
    engine: AsyncEngine, log: EventLog, clock: FixedClock
) -> None:
    ledger, base = Ledger(engine, log, clock), {"L-01": Facts()}
    changes = [Change("L-01", {name: "told"}) for name in ("model", "serial", "firmware", "note")]
    await asyncio.gather(*(ledger.change([change], base, ACTOR) for change in changes))
    (entry,) = (await ledger.all()).values()
    assert {name for name, text in entry.written.items() if text} == {"model", "serial", "firmware", "note"}


async def test_two_people_may_reject_a_guess_at_once(
    engine: AsyncEngine, log: EventLog, clock: FixedClock
) -> None:
    rejections = Rejections(engine, log, clock)
    await asyncio.gather(*(rejections.reject([("L-01", "a")], ACTOR) for _ in range(4)))
    assert await rejections.all() == {("L-01", "a")}


async def test_a_rejected_guess_is_kept_once_and_forgotten_when_asked(
    engine: AsyncEngine, log: EventLog, clock: FixedClock
) -> None:
    rejections = Rejections(engine, log, clock)
    await rejections.reject([("L-01", "a"), ("L-01", "a"), ("L-02", "a")], ACTOR, "no")
    await rejections.reject([("L-01", "a")], ACTOR)
    assert await rejections.all() == {("L-01", "a"), ("L-02", "a")}
    await rejections.forget(["L-01"])
    assert await rejections.all() == {("L-02", "a")}
    events = await log.find(EventFilter(type="binding.rejected"), 10)
    assert [event.subject for event in events] == ["device:L-01", "device:L-02", "device:L-01"]
    assert events[0].data == {"element": "a", "reason": "no"}


async def test_the_ledgers_mark_tells_of_every_change(
    engine: AsyncEngine, log: EventLog, clock: FixedClock
) -> None:
    ledger, base = Ledger(engine, log, clock), {"L-01": Facts(), "L-02": Facts()}
    marks = [await ledger.mark()]
    for change in (
        Change("L-01", {"model": "a"}),
        Change("L-02", {"model": "b"}),
        Change("L-01", {"model": ""}),
    ):
        clock.time_ms += 1
        await ledger.change([change], base, ACTOR)
        marks.append(await ledger.mark())
    assert len(set(marks)) == 4
