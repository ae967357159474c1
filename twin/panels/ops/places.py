"""Where a reported fault is: found from the element, the device or the alarm that the report names."""

from dataclasses import replace

from spatial.model import Element
from spatial.package import ModelPackage
from telemetry_bridge.points import Label
from twin.errors import BadRequestError, NotFoundError
from twin.http import present
from twin.panels.ops.export import Language
from twin.panels.ops.sheets import word
from twin.panels.ops.workorders import Report
from twin.runtime import Twin

RAISED = "alarm.raised"


async def located(twin: Twin, report: Report) -> Report:
    """The report with its element, device, storey and space, and of an alarm the event that raised it last.

    Raises:
        BadRequestError: it names no place at all; NotFoundError, UnknownPlaceError: it names an unknown one.
    """
    found = await _of_alarm(twin, report)
    if found.device is not None and found.device not in twin.registry.devices:
        raise NotFoundError(f"there is no device {found.device[:100]!r}")
    if found.device is None and found.element is not None:
        found = replace(found, device=_only_device(twin, found.element))
    element = _element_of(twin, found)
    if element is None:
        if found.device is None:
            raise BadRequestError("say what the report is about: element, device or alarm")
        return found
    within = (present.space_guid(twin.package, each) for each in (element.space_index, element.element_index))
    return replace(
        found,
        element=element.guid,
        storey=present.storey_guid(twin.package, element.storey_index),
        space=next(filter(None, within), None),
    )


async def _of_alarm(twin: Twin, report: Report) -> Report:
    if report.alarm is None:
        return report
    alarm = await twin.alarms.get(report.alarm)
    raisings = [event.id for event in await twin.alarms.events_of(alarm) if event.type == RAISED]
    return replace(
        report,
        device=report.device or alarm.device,
        element=report.element or alarm.element,
        cause=raisings[-1] if raisings else alarm.last_event,
    )


def _only_device(twin: Twin, guid: str) -> str | None:
    """The device of an element that has just one."""
    devices = twin.devices_at(guid)
    return devices[0].id if len(devices) == 1 else None


def _element_of(twin: Twin, report: Report) -> Element | None:
    if report.element is not None:
        return twin.package.element(report.element)
    return twin.bound.element_of.get(report.device or "")


def storey_names(package: ModelPackage, language: Language) -> dict[str, str]:
    """What people call each storey, by guid."""
    return {each.guid: word(Label(each.name, each.name_en), language) for each in package.storeys}


def space_names(package: ModelPackage, language: Language) -> dict[str, str]:
    """Number and name of each space, by guid."""
    return {
        each.guid: f"{each.name} {word(Label(each.long_name, each.name_en), language)}".strip()
        for each in package.spaces
    }
