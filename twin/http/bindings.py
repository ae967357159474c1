"""`/api/bindings`: which element each device stands for, and changing it."""

from fastapi import APIRouter, Depends

from telemetry_bridge.bindings import Binding
from twin.accounts.roles import Role
from twin.http import schemas
from twin.http.context import ActorDep, TwinDep
from twin.http.identity import requires
from twin.http.problems import PROBLEM_RESPONSES
from twin.runtime import Twin

router = APIRouter(prefix="/api", tags=["live"], responses=PROBLEM_RESPONSES)


@router.get("/bindings", operation_id="listBindings")
def list_bindings(twin: TwinDep) -> schemas.BindingReport:
    """All bindings, by device, and what about them deserves a look."""
    return _report(twin)


@router.put("/bindings", operation_id="putBindings", dependencies=[Depends(requires(Role.MANAGER))])
async def put_bindings(
    twin: TwinDep, actor: ActorDep, changes: schemas.BindingChange | list[schemas.BindingItem]
) -> schemas.BindingReport:
    """Bind the devices that are named; the others keep their element. All are taken, or none."""
    items = changes if isinstance(changes, list) else changes.items
    await twin.rebind([Binding(each.device, each.element) for each in items], actor)
    return _report(twin)


def _report(twin: Twin) -> schemas.BindingReport:
    report = twin.bindings.report(twin.has_element)
    return schemas.BindingReport(
        items=[schemas.BindingItem(device=each.device, element=each.element) for each in twin.bindings.all()],
        next=None,
        unbound=list(report.unbound),
        lost=dict(report.lost),
        shared={guid: list(devices) for guid, devices in report.shared.items()},
    )
