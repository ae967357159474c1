"""What keeps a command from being sent: who asks, a range, somebody who works at the device. Pure."""

import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from telemetry_bridge.points import Device, Label, Point
from twin.accounts.roles import Role
from twin.control.model import Order
from twin.events.event import Draft

REFUSED = "command.refused"
NO_NAME = Label()
Why = Literal["role", "range", "maintenance"]


@dataclass(frozen=True, slots=True)
class Interlock:
    """A venue's rule about commands to some points; what is empty does not narrow it.

    `devices`, `types` are globs, `points` names, `point_classes` Brick classes. `role` is the least that may;
    what the twin itself does by its schedules counts as having every role. `low`, `high` bound the value,
    -inf, inf: no bound. `in_maintenance`: may be commanded while somebody works at the device.
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
) -> RefusedOrder | None:
    """Why an order to a point may not be carried out; `value` is what it comes to. None: it may.

    `holds` are all that keep the device: each must let the asker command it.
    """
    covering = [each for each in interlocks if each.covers(*place)]
    for each in covering:
        if each.role is not None and asker.role is not None and asker.role < each.role:
            why = f"{place[1].key} takes commands from the role {each.role.key} and above"
            return RefusedOrder(order, "role", each.id, why)
        if not each.low <= value <= each.high:
            why = f"{place[1].key} takes {each.low:g} to {each.high:g} here, not {value:g}"
            return RefusedOrder(order, "range", each.id, why)
    if all(each.lets(asker) for each in holds) or any(each.in_maintenance for each in covering):
        return None
    return _refused_for_work(order, holds)


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
