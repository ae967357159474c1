"""What keeps a command from being sent: who asks, a range, work at the device, its room. Pure."""

import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal

from telemetry_bridge.points import Device, Label, Point
from twin.accounts.roles import Role
from twin.control.model import Order
from twin.events.event import Draft

REFUSED = "command.refused"
NO_NAME = Label()
During = Literal["booked", "in_use"]
Why = Literal["role", "range", "maintenance", "booked", "in_use"]


@dataclass(frozen=True, slots=True)
class Interlock:
    """A venue's rule about commands to some points; what is empty does not narrow it.

    `devices`, `types` are globs, `points` names, `point_classes` Brick classes. `role` is the least that may;
    what the twin itself does by its schedules counts as having every role. `low`, `high` bound the value,
    -inf, inf: no bound. `in_maintenance`: may be commanded while somebody works at the device. `during`: it
    counts only while the room that the device serves is booked, or in use; without role and bounds it then
    forbids every command.
    """

    id: str
    name: Label = NO_NAME
    devices: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    point_classes: tuple[str, ...] = ()
    role: Role | None = None
    low: float = -math.inf
    high: float = math.inf
    in_maintenance: bool = False
    during: During | None = None

    @property
    def forbids_all(self) -> bool:
        """Whether no command at all passes while it counts."""
        bounded = math.isfinite(self.low) or math.isfinite(self.high)
        return self.during is not None and self.role is None and not bounded

    def covers(self, device: Device, point: Point) -> bool:
        """Whether it is about a point."""
        return (
            _fits(device.id, self.devices)
            and _fits(device.type, self.types)
            and (not self.points or point.name in self.points)
            and (not self.point_classes or point.point_class in self.point_classes)
        )


def _fits(text: str, globs: Sequence[str]) -> bool:
    return not globs or any(fnmatchcase(text, glob) for glob in globs)


@dataclass(frozen=True, slots=True)
class Hold:
    """A device is being worked at: why, and who may command it meanwhile, as events name them; '' nobody.

    `label` names it in any language; '' where `why` does, in somebody's own words.
    """

    why: str
    by: str = ""
    label: str = ""

    def lets(self, asker: "Asker") -> bool:
        """Whether somebody may command the device all the same."""
        return bool(self.by) and asker.actor == self.by


HoldSource = Callable[[Collection[str]], Awaitable[Mapping[str, Sequence[Hold]]]]
"""Tells which of some devices are being worked at: every reason of each."""


@dataclass(frozen=True, slots=True)
class Use:
    """A room that a device serves is booked, or in use: why, and the values that pages name it by."""

    during: During
    why: str
    named: Mapping[str, str] = field(default_factory=dict)


UseSource = Callable[[Collection[str]], Awaitable[Mapping[str, Sequence[Use]]]]
"""Tells which of some devices serve rooms that are booked or in use."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants something done, as events name them; `role` None: the twin itself."""

    actor: str
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class RefusedOrder:
    """An order that may not be carried out: which kind of interlock, its id ('' for a hold), and why.

    `named` are the values that `why` names, for the same sentence in another language.
    """

    order: Order
    kind: Why
    interlock: str
    why: str
    named: Mapping[str, str] = field(default_factory=dict)


def refusal_of(
    order: Order,
    value: float,
    place: tuple[Device, Point],
    asker: Asker,
    interlocks: Sequence[Interlock],
    holds: Sequence[Hold] = (),
    uses: Sequence[Use] = (),
) -> RefusedOrder | None:
    """Why an order to a point may not be carried out; `value` is what it comes to. None: it may.

    `holds` are all that keep the device: each must let the asker command it. `uses` are those of its room.
    """
    covering = [each for each in interlocks if each.covers(*place)]
    for each in covering:
        use = next((use for use in uses if use.during == each.during), None)
        if each.during is not None and use is None:
            continue
        refused = _refused_by(each, order, value, place[1], asker)
        if refused is not None:
            return refused if use is None else _during(refused, use)
    if all(each.lets(asker) for each in holds) or any(each.in_maintenance for each in covering):
        return None
    return _refused_for_work(order, holds)


def _refused_by(
    lock: Interlock, order: Order, value: float, point: Point, asker: Asker
) -> RefusedOrder | None:
    if lock.role is not None and asker.role is not None and asker.role < lock.role:
        why = f"{point.key} takes commands from the role {lock.role.key} and above"
        return RefusedOrder(order, "role", lock.id, why)
    if not lock.low <= value <= lock.high:
        why = f"{point.key} takes {lock.low:g} to {lock.high:g} here, not {value:g}"
        return RefusedOrder(order, "range", lock.id, why)
    if lock.forbids_all:
        return RefusedOrder(order, "range", lock.id, f"{point.key} takes no commands")
    return None


def _during(refused: RefusedOrder, use: Use) -> RefusedOrder:
    """The refusal of an interlock that counts while a room is booked or in use."""
    return replace(refused, kind=use.during, why=f"{use.why}: {refused.why}", named=use.named)


def _refused_for_work(order: Order, holds: Sequence[Hold]) -> RefusedOrder:
    """Every hold is named, those first that let nobody command."""
    named = sorted(holds, key=lambda each: each.by != "")
    why = f"{order.device} is being worked at: {'; '.join(each.why for each in named)}"
    labels = "；".join(each.label or each.why for each in named)
    return RefusedOrder(order, "maintenance", "", why, {"holds": labels})


def refused_draft(refused: RefusedOrder, actor: str, cause: str | None) -> Draft:
    """The event of an order that was not carried out."""
    order = refused.order
    data = {
        "point": order.point,
        "value": order.value,
        "reason": order.reason,
        "refused": refused.kind,
        "interlock": refused.interlock,
        "fault": refused.why,
    }
    return Draft(REFUSED, f"device:{order.device}", actor, data, cause)
