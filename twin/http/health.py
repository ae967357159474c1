"""`/api/health`: how the server is."""

from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter

from telemetry_bridge.adapter_lines import Line
from twin.http import present, schemas
from twin.http.context import TwinDep
from twin.runtime import Twin

router = APIRouter(prefix="/api", tags=["server"])


def server_version() -> str:
    """The installed version; a checkout that is not installed has none."""
    try:
        return version("venue-twin")
    except PackageNotFoundError:
        return "unknown"


@router.get("/health", operation_id="getHealth")
async def get_health(twin: TwinDep) -> schemas.Health:
    """How the server, its adapters and its clients are."""
    adapters = adapter_health(twin)
    restart_needed = twin.watch.restart_needed
    well = all(each.connected for each in adapters) and not restart_needed and not twin.all_notes
    return schemas.Health(
        status="ok" if well else "degraded",
        version=server_version(),
        revision=twin.package.manifest.revision,
        restart_needed=restart_needed,
        uptime_s=round(twin.uptime_s, 3),
        time=present.rfc3339(twin.clock.now_ms()),
        seq=twin.bridge.seq,
        clients=twin.hub.client_count,
        adapters=adapters,
        notes=twin.all_notes,
        film=_film_health(twin),
    )


def _film_health(twin: Twin) -> schemas.FilmHealth | None:
    condition = twin.film_condition
    if condition is None:
        return None
    return schemas.FilmHealth(
        since=present.rfc3339(condition.since_ms),
        fault=condition.fault,
        reason=condition.reason,
        waiting=condition.waiting,
        room=condition.room,
        lasts_s=None if condition.lasts_s is None else round(condition.lasts_s, 1),
        lost=condition.lost.samples if condition.lost else 0,
    )


def adapter_health(twin: Twin) -> list[schemas.AdapterHealth]:
    """How each way of talking with devices is."""
    found = (
        (name, adapter.health())
        for name, adapter in twin.adapters.items()
        if not isinstance(adapter, Line) or adapter.enabled
    )
    return [
        schemas.AdapterHealth(
            name=name,
            connected=health.connected,
            detail=health.detail,
            received=health.received,
            refused=health.refused,
            reconnects=health.reconnects,
        )
        for name, health in found
    ]
