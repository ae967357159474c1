"""`/api/devices/...`: devices as people keep them: facts, tables, maintenance, secrets, who was refused."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response

from telemetry_bridge.bus_findings import refused_by_all
from twin.accounts.roles import Role
from twin.devices.base import read_base
from twin.devices.credentials import Credential
from twin.devices.facts import FIELDS, Facts, is_under_warranty, merged
from twin.devices.keyring import HOUR_MS, Issued
from twin.devices.ledger import Change, Entry, table_lines
from twin.devices.table_text import parse_table, write_table
from twin.errors import BadRequestError, NotFoundError
from twin.http import device_schemas as schemas
from twin.http import present
from twin.http.context import ActorDep, TwinDep
from twin.http.identity import requires
from twin.http.problems import PROBLEM_RESPONSES
from twin.joining import found_elsewhere
from twin.runtime import Twin

router = APIRouter(prefix="/api/devices", tags=["devices"], responses=PROBLEM_RESPONSES)

CSV = "text/csv"
CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "A table.", "content": {CSV: {"schema": {"type": "string"}}}}
}
CSV_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            CSV: {
                "schema": {"type": "string"},
                "example": "device,manufacturer,installed\nL2-LUM-0131,Acme,2025-10-01\n",
            }
        },
    }
}
MANAGES = [Depends(requires(Role.MANAGER))]
ADMINISTERS = [Depends(requires(Role.ADMIN))]

DeviceName = Annotated[str, Path(max_length=100, description="The device's id.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str, Query(max_length=64, description="`next` of the page before.")]


def base_of(twin: Twin) -> dict[str, Facts]:
    """What the files say of every device; made anew when devices were bound to other elements."""
    package, registry = twin.package, twin.registry
    return twin.cached_while_bound("devices.base", lambda: read_base(package, registry, twin.bound))


# Facts


@router.get("/facts", operation_id="listDeviceFacts")
async def list_facts(twin: TwinDep, limit: Limit = 100, cursor: Cursor = "") -> schemas.FactsPage:
    """Who made each device, whose it is, until when it is under warranty."""
    base, written = await asyncio.to_thread(base_of, twin), await twin.devices.ledger.all()
    part, following = present.part_of(tuple(base), limit, cursor)
    return schemas.FactsPage(
        items=[_facts(twin, device, base[device], written.get(device)) for device in part], next=following
    )


@router.get("/refused", operation_id="listRefusedDevices")
async def list_refused(twin: TwinDep) -> schemas.RefusedList:
    """Devices that were turned away: unknown ones, wrong secrets, those that spoke for another."""
    refused, total = refused_by_all(twin.bridge, found_elsewhere(twin.bus))
    items = [
        schemas.Refused(
            way=each.way,
            name=each.name,
            fault=each.fault,
            times=each.times,
            first=present.rfc3339(each.first_ms),
            last=present.rfc3339(each.last_ms),
        )
        for each in refused
    ]
    return schemas.RefusedList(items=items, next=None, total=total, signed_only=twin.gate.signed_only)


@router.get("/table.csv", operation_id="exportDevices", response_class=Response, responses=CSV_ANSWER)
async def export_devices(twin: TwinDep) -> Response:
    """Every device with its facts as a table; it can be changed and imported again."""
    base, written = await asyncio.to_thread(base_of, twin), await twin.devices.ledger.all()
    lines = table_lines(twin.registry, twin.bindings.element_of, base, written)
    text = await asyncio.to_thread(write_table, lines)
    headers = {"content-disposition": 'attachment; filename="devices.csv"'}
    return Response("\ufeff" + text, media_type=CSV, headers=headers)


@router.post("/table", operation_id="importDevices", dependencies=MANAGES, openapi_extra=CSV_BODY)
async def import_devices(
    request: Request,
    twin: TwinDep,
    actor: ActorDep,
    dry_run: Annotated[bool, Query(description="Only say what would change.")] = False,
    reason: Annotated[str, Query(max_length=200, description="Why, for the events.")] = "",
) -> schemas.TableImport:
    """Write the facts of many devices from a table; all of it is taken, or none.

    A column `device` and any of the facts; a column that is left out stays, an empty cell goes back to what
    the files say. 422: every fault with its line.
    """
    text = decoded(await request.body())
    rows = await asyncio.to_thread(parse_table, text, "table", twin.registry.devices)
    changes = [Change(row.device, row.facts, f"table:{row.line}") for row in rows]
    base = await asyncio.to_thread(base_of, twin)
    changed = await twin.devices.ledger.change(changes, base, actor, reason, dry_run=dry_run)
    return schemas.TableImport(rows=len(rows), changed=list(changed), applied=not dry_run)


@router.get("/{device}/facts", operation_id="getDeviceFacts")
async def get_facts(twin: TwinDep, device: DeviceName) -> schemas.DeviceFacts:
    """What is known of a device beside its points."""
    _check_known(twin, [device])
    base, written = await asyncio.to_thread(base_of, twin), await twin.devices.ledger.all()
    return _facts(twin, device, base[device], written.get(device))


@router.patch("/{device}/facts", operation_id="changeDeviceFacts", dependencies=MANAGES)
async def change_facts(
    twin: TwinDep, actor: ActorDep, device: DeviceName, wish: schemas.ChangeFacts
) -> schemas.DeviceFacts:
    """Write facts over what the venue's files say."""
    _check_known(twin, [device])
    told = wish.model_dump(exclude_unset=True, exclude={"reason"})
    facts = {name: (text or "").strip() for name, text in told.items()}
    base = await asyncio.to_thread(base_of, twin)
    await twin.devices.ledger.change([Change(device, facts)], base, actor, wish.reason)
    return await get_facts(twin, device)


@router.put("/{device}/maintenance", operation_id="setDeviceMaintenance")
async def set_maintenance(
    twin: TwinDep, actor: ActorDep, device: DeviceName, wish: schemas.Maintenance
) -> schemas.DeviceFacts:
    """Say that a device is being worked at and takes no commands, or that it is in service again."""
    _check_known(twin, [device])
    base = await asyncio.to_thread(base_of, twin)
    await twin.devices.ledger.change([Change(device, {"maintenance": wish.reason.strip()})], base, actor)
    return await get_facts(twin, device)


# Secrets


@router.post(
    "/secrets", operation_id="issueDeviceSecrets", status_code=HTTPStatus.CREATED, dependencies=ADMINISTERS
)
async def issue_secrets(
    twin: TwinDep, actor: ActorDep, response: Response, wish: Annotated[schemas.IssueSecrets, Body()]
) -> schemas.NewSecrets:
    """A new secret for each of some devices; they are shown this once."""
    devices = list(dict.fromkeys(wish.devices))
    _check_known(twin, devices)
    keyring = twin.devices.keyring
    if wish.rotate:
        issued = await keyring.rotate(devices, actor, int(wish.grace_hours * HOUR_MS))
    else:
        issued = await keyring.issue(devices, actor)
    await twin.gate.refresh(keyring)
    response.headers["cache-control"] = "no-store"
    return schemas.NewSecrets(items=[_issued(each) for each in issued], next=None)


@router.get("/{device}/secrets", operation_id="listDeviceSecrets", dependencies=ADMINISTERS)
async def list_secrets(twin: TwinDep, device: DeviceName) -> schemas.SecretList:
    """The secrets that a device has and had, without the secrets."""
    _check_known(twin, [device])
    await twin.gate.refresh(twin.devices.keyring)
    now_ms = twin.devices.clock.now_ms()
    found = [each for each in twin.gate.book.credentials if each.device == device]
    return schemas.SecretList(items=[_secret(each, now_ms) for each in reversed(found)], next=None)


@router.delete(
    "/{device}/secrets",
    operation_id="revokeDeviceSecrets",
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=ADMINISTERS,
)
async def revoke_secrets(
    twin: TwinDep,
    actor: ActorDep,
    device: DeviceName,
    number: Annotated[int | None, Query(ge=1, description="Which; all, when left out.")] = None,
) -> None:
    """Make a device's secrets good for nothing at once."""
    await twin.devices.keyring.revoke(device, actor, number)
    await twin.gate.refresh(twin.devices.keyring)


# Shown


def _check_known(twin: Twin, devices: Iterable[str]) -> None:
    unknown = [device for device in devices if device not in twin.registry.devices]
    if unknown:
        raise NotFoundError(f"there is no device {unknown[0][:100]!r}")


def decoded(body: bytes) -> str:
    """The text of a table. Raises BadRequestError where it is not UTF-8."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequestError(
            f"the table is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'"
        ) from error


def _facts(twin: Twin, device: str, base: Facts, entry: Entry | None) -> schemas.DeviceFacts:
    facts = base if entry is None else merged(base, entry.written)
    now_ms = twin.devices.clock.now_ms()
    today = datetime.fromtimestamp(now_ms / 1000.0, twin.venue.zone).date()
    return schemas.DeviceFacts(
        device=device,
        type=twin.registry.devices[device].type,
        under_warranty=is_under_warranty(facts, today),
        written=[] if entry is None else [name for name, text in entry.written.items() if text is not None],
        changed=None if entry is None else present.rfc3339(entry.changed_ms),
        changed_by=None if entry is None else entry.changed_by,
        secrets=twin.gate.book.good_of(device, now_ms),
        **{name: getattr(facts, name) for name in FIELDS},
    )


def _issued(issued: Issued) -> schemas.NewSecret:
    kept = issued.credential
    return schemas.NewSecret(
        device=kept.device, number=kept.number, username=kept.username, secret=issued.secret
    )


def _secret(credential: Credential, now_ms: float) -> schemas.Secret:
    def shown(time_ms: int | None) -> str | None:
        return None if time_ms is None else present.rfc3339(time_ms)

    return schemas.Secret(
        number=credential.number,
        username=credential.username,
        state=credential.state(now_ms),
        issued=present.rfc3339(credential.issued_ms),
        issued_by=credential.issued_by,
        expires=shown(credential.expires_ms),
        revoked=shown(credential.revoked_ms),
        used=shown(credential.used_ms),
    )
