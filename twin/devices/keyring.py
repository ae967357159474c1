"""Secrets of devices in the database: issue, rotate, revoke. Each act is an event; no secret is kept."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from telemetry_bridge.clock import Clock
from twin.devices.credentials import Credential, CredentialBook, digest_of, new_secret
from twin.devices.errors import CredentialError
from twin.devices.mosquitto import mosquitto_hash
from twin.errors import NotFoundError
from twin.events.event import Draft, new_id
from twin.events.log import EventLog
from twin.store.database import writing
from twin.store.tables import DEVICE_CREDENTIAL

HOUR_MS = 3_600_000
GRACE_MS = 24 * HOUR_MS
MOST_LIVE = 5  # good secrets of one device: more means that somebody issues without revoking
COLUMNS = DEVICE_CREDENTIAL.c


@dataclass(frozen=True, slots=True)
class Issued:
    """A new secret, the only time that it is known, and what is kept of it."""

    credential: Credential
    secret: str

    def __repr__(self) -> str:
        """Without the secret: this text may end in a log."""
        return f"Issued({self.credential.username})"


@dataclass(frozen=True, slots=True)
class Mark:
    """What changes whenever a secret does: how many there are and how many were revoked, the newest times."""

    count: int
    revoked: int
    issued_ms: int
    expires_ms: int
    revoked_ms: int


class Keyring:
    """The devices' secrets; `clock` is the machine's, even where the venue's time is simulated."""

    def __init__(self, engine: AsyncEngine, log: EventLog, clock: Clock) -> None:
        self._engine, self._log, self._clock = engine, log, clock

    async def issue(self, devices: Sequence[str], actor: str) -> tuple[Issued, ...]:
        """A new secret for each of these devices, beside those that they have.

        Raises:
            CredentialError: one has several good ones already; then none was issued.
        """
        return await self._issue(devices, actor, "issued", None)

    async def rotate(
        self, devices: Sequence[str], actor: str, grace_ms: int = GRACE_MS
    ) -> tuple[Issued, ...]:
        """A new secret for each; those that they have are good for `grace_ms` more."""
        return await self._issue(devices, actor, "rotated", self._now() + max(0, grace_ms))

    async def revoke(self, device: str, actor: str, number: int | None = None) -> tuple[Credential, ...]:
        """Make a device's secret, or all of them, good for nothing at once.

        Raises:
            NotFoundError: it has no such secret, or none that is still good.
        """
        now = self._now()
        which = (COLUMNS.device == device) & COLUMNS.revoked_ms.is_(None)
        which &= COLUMNS.expires_ms.is_(None) | (COLUMNS.expires_ms > now)
        if number is not None:
            which &= COLUMNS.number == number
        async with writing(self._engine) as connection:
            rows = (await connection.execute(select(DEVICE_CREDENTIAL).where(which).with_for_update())).all()
            if not rows:
                shown = "" if number is None else f" number {number}"
                raise NotFoundError(f"{device[:100]} has no good secret{shown}")
            ids = [row.id for row in rows]
            change = update(DEVICE_CREDENTIAL).where(COLUMNS.id.in_(ids)).values(revoked_ms=now)
            await connection.execute(change)
            data = {"numbers": [row.number for row in rows]}
            draft = Draft("credential.revoked", f"device:{device}", actor, data)
            events = await self._log.append_within(connection, draft)
        self._log.announce(events)
        return tuple(_credential(row) for row in rows)

    async def book(self) -> CredentialBook:
        """All secrets, as they are now."""
        async with self._engine.connect() as connection:
            query = select(DEVICE_CREDENTIAL).order_by(COLUMNS.device, COLUMNS.number)
            rows = await connection.execute(query)
            return CredentialBook(_credential(row) for row in rows)

    async def mark(self) -> Mark:
        """What tells cheaply whether `book` would give another answer than before."""
        query = select(
            func.count(),
            func.count(COLUMNS.revoked_ms),
            func.coalesce(func.max(COLUMNS.issued_ms), 0),
            func.coalesce(func.max(COLUMNS.expires_ms), 0),
            func.coalesce(func.max(COLUMNS.revoked_ms), 0),
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one()
        return Mark(*(int(each) for each in row))

    async def note_uses(self, used_ms: dict[str, int]) -> None:
        """Write down when credentials, by id, were last used."""
        if not used_ms:
            return
        async with writing(self._engine) as connection:
            for credential, time_ms in used_ms.items():
                change = update(DEVICE_CREDENTIAL).where(COLUMNS.id == credential)
                await connection.execute(change.values(used_ms=time_ms))

    async def _issue(
        self, devices: Sequence[str], actor: str, act: str, end_ms: int | None
    ) -> tuple[Issued, ...]:
        secrets = [new_secret() for _ in devices]
        hashes = await asyncio.to_thread(lambda: [mosquitto_hash(secret) for secret in secrets])
        async with writing(self._engine) as connection:
            await self._log.take_turn(connection)  # what others write at once is read first
            issued = []
            for device, secret, hashed in zip(devices, secrets, hashes, strict=True):
                if end_ms is not None:
                    await self._end(connection, device, end_ms)
                issued.append(await self._insert(connection, device, secret, hashed, actor))
            drafts = [_issued_draft(each.credential, act, actor, end_ms) for each in issued]
            events = await self._log.append_within(connection, *drafts) if drafts else ()
        self._log.announce(events)
        return tuple(issued)

    async def _end(self, connection: AsyncConnection, device: str, end_ms: int) -> None:
        """Let the secrets of a device end; one that ends sooner is left alone."""
        open_end = COLUMNS.expires_ms.is_(None) | (COLUMNS.expires_ms > end_ms)
        own = (COLUMNS.device == device) & COLUMNS.revoked_ms.is_(None) & open_end
        await connection.execute(update(DEVICE_CREDENTIAL).where(own).values(expires_ms=end_ms))

    async def _insert(
        self, connection: AsyncConnection, device: str, secret: str, hashed: str, actor: str
    ) -> Issued:
        now = self._now()
        rows = (await connection.execute(select(DEVICE_CREDENTIAL).where(COLUMNS.device == device))).all()
        known = [_credential(row) for row in rows]
        if sum(each.fault(now) is None for each in known) >= MOST_LIVE:
            raise CredentialError(
                f"{device} has {MOST_LIVE} good secrets already; revoke those that are not used any more",
                "credential-most",
                device=device,
                most=MOST_LIVE,
            )
        number = 1 + max((each.number for each in known), default=0)
        made = Credential(new_id(now), device, number, digest_of(secret), hashed, now, actor)
        values = {
            "id": made.id,
            "device": device,
            "number": number,
            "digest": made.digest,
            "mosquitto": hashed,
            "issued_ms": now,
            "issued_by": actor,
        }
        await connection.execute(insert(DEVICE_CREDENTIAL).values(**values))
        return Issued(made, secret)

    def _now(self) -> int:
        return int(self._clock.now_ms())


def _issued_draft(credential: Credential, act: str, actor: str, end_ms: int | None) -> Draft:
    data: dict[str, Any] = {"number": credential.number}
    if end_ms is not None:
        data["others_end_ms"] = end_ms
    return Draft(f"credential.{act}", f"device:{credential.device}", actor, data)


def _credential(row: Row[Any]) -> Credential:
    return Credential(
        row.id,
        row.device,
        row.number,
        row.digest,
        row.mosquitto,
        row.issued_ms,
        row.issued_by,
        row.expires_ms,
        row.revoked_ms,
        row.used_ms,
    )
