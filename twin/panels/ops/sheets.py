"""Which columns the exported spreadsheets have. Pure."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from telemetry_bridge.points import Label
from twin.panels.ops.devices import Entry
from twin.panels.ops.export import Cell, ColumnHead, Language, workbook
from twin.panels.ops.health import Health
from twin.panels.ops.model import OrderState, Priority, WorkOrder
from twin.panels.ops.service import Condition

HEALTH_WORDS = {
    Health.ONLINE: Label("在线", "Online"),
    Health.STALE: Label("离线", "Silent"),
    Health.BAD: Label("数据异常", "Bad data"),
    Health.FAULT: Label("故障", "Fault"),
}
STATE_WORDS = {
    OrderState.CREATED: Label("待派单", "New"),
    OrderState.DISPATCHED: Label("待接单", "Dispatched"),
    OrderState.ACCEPTED: Label("处理中", "In progress"),
    OrderState.DONE: Label("待验收", "Done"),
    OrderState.VERIFIED: Label("已验收", "Verified"),
    OrderState.REOPENED: Label("已退回", "Reopened"),
    OrderState.CANCELLED: Label("已取消", "Cancelled"),
}
PRIORITY_WORDS = {
    Priority.URGENT: Label("紧急", "Urgent"),
    Priority.HIGH: Label("高", "High"),
    Priority.NORMAL: Label("普通", "Normal"),
    Priority.LOW: Label("低", "Low"),
}

LEDGER_HEADS = (
    ColumnHead("设备编号", "Device", width=16),
    ColumnHead("名称", "Name", width=28),
    ColumnHead("类型", "Type", width=20),
    ColumnHead("位号", "Tag"),
    ColumnHead("楼层", "Storey"),
    ColumnHead("空间", "Space", width=24),
    ColumnHead("制造商", "Manufacturer", width=20),
    ColumnHead("型号", "Model", width=24),
    ColumnHead("型号代码", "Model reference"),
    ColumnHead("序列号", "Serial number", width=20),
    ColumnHead("条码", "Bar code"),
    ColumnHead("状态", "Health", width=10),
    ColumnHead("最近数据", "Last seen", "time", 18),
    ColumnHead("过期测点占比", "Stale points", "percent", 12),
    ColumnHead("未关闭报警", "Open alarms", "number", 12),
    ColumnHead("未完工单", "Open orders", "number", 12),
    ColumnHead("近30天故障次数", "Faults in 30 days", "number", 16),
    ColumnHead("近30天可用率", "Availability in 30 days", "percent", 16),
    ColumnHead("构件 GlobalId", "Element GlobalId", width=26),
)

ORDER_HEADS = (
    ColumnHead("工单号", "Number", "number", 8),
    ColumnHead("标题", "Title", width=32),
    ColumnHead("状态", "State", width=12),
    ColumnHead("优先级", "Priority", width=10),
    ColumnHead("设备编号", "Device"),
    ColumnHead("楼层", "Storey"),
    ColumnHead("空间", "Space", width=24),
    ColumnHead("报修人", "Reported by"),
    ColumnHead("处理人", "Assignee"),
    ColumnHead("报修时间", "Reported", "time", 18),
    ColumnHead("派单时间", "Dispatched", "time", 18),
    ColumnHead("接单时间", "Accepted", "time", 18),
    ColumnHead("完成时间", "Done", "time", 18),
    ColumnHead("关闭时间", "Closed", "time", 18),
    ColumnHead("要求完成", "Due", "time", 18),
    ColumnHead("退回次数", "Times reopened", "number", 10),
    ColumnHead("描述", "Description", width=40),
    ColumnHead("处理说明", "Note", width=40),
)


def word(label: Label, language: Language) -> str:
    """The label in a language, else in the other one."""
    first, second = (label.zh, label.en) if language == "zh" else (label.en, label.zh)
    return first or second


def ledger_sheet(rows: Iterable[tuple[Entry, Condition]], language: Language, zone: ZoneInfo) -> bytes:
    """The ledger as XLSX; where free attributes are known of any device, each has a column of its own."""
    found = list(rows)
    extra = sorted({key for entry, _ in found for key, value in entry.device.attributes.items() if value})
    heads = (*LEDGER_HEADS, *(ColumnHead(key, key, width=12) for key in extra))
    lines = (
        [*_ledger_row(entry, now, language), *(entry.device.attributes.get(key) for key in extra)]
        for entry, now in found
    )
    return workbook("设备台账" if language == "zh" else "Devices", heads, lines, language, zone)


def _ledger_row(entry: Entry, now: Condition, language: Language) -> list[Cell]:
    device, plate, element = entry.device, entry.plate, entry.element
    return [
        device.id,
        word(device.label, language),
        word(entry.type_label, language) or device.type,
        device.tag,
        storey_text(entry, language),
        space_text(entry, language),
        plate.manufacturer,
        plate.model,
        plate.reference,
        plate.serial,
        plate.barcode,
        word(HEALTH_WORDS[now.health], language),
        now.last_ms,
        now.stale_share,
        now.alarms,
        now.orders,
        now.record.faults,
        now.record.availability,
        element.guid if element else None,
    ]


def storey_text(entry: Entry, language: Language) -> str:
    """What people call the storey of a device."""
    storey = entry.storey
    return "" if storey is None else word(Label(storey.name, storey.name_en), language)


def space_text(entry: Entry, language: Language) -> str:
    """The number and name of a device's space."""
    space = entry.space
    if space is None:
        return ""
    return f"{space.name} {word(Label(space.long_name, space.name_en), language)}".strip()


Places = Mapping[str, str]
"""What people call a storey or space, by guid."""


def orders_sheet(
    orders: Iterable[WorkOrder], storeys: Places, spaces: Places, language: Language, zone: ZoneInfo
) -> bytes:
    """Work orders as XLSX."""
    lines = (_order_row(order, storeys, spaces, language) for order in orders)
    return workbook("工单" if language == "zh" else "Work orders", ORDER_HEADS, lines, language, zone)


def _order_row(order: WorkOrder, storeys: Places, spaces: Places, language: Language) -> list[Cell]:
    return [
        order.number,
        order.title,
        word(STATE_WORDS[order.state], language),
        word(PRIORITY_WORDS[order.priority], language),
        order.device,
        storeys.get(order.storey or ""),
        spaces.get(order.space or ""),
        order.reporter,
        order.assignee,
        order.created_ms,
        order.dispatched_ms,
        order.accepted_ms,
        order.done_ms,
        order.closed_ms,
        order.due_ms,
        order.reopened,
        order.description,
        order.note,
    ]
