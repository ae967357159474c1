"""What happened, as a sentence in both languages. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from telemetry_bridge.points import Label
from twin.events.event import Event
from twin.incidents.lexicon import Lexicon, both, spoken

Severity = Literal["alarm", "handled", "other"]

TITLES: dict[str, Label] = {
    "alarm.raised": Label("报警", "Alarm"),
    "alarm.returned": Label("恢复正常", "Back to normal"),
    "alarm.acknowledged": Label("报警已确认", "Alarm acknowledged"),
    "alarm.shelved": Label("报警已搁置", "Alarm shelved"),
    "alarm.unshelved": Label("报警取消搁置", "Alarm unshelved"),
    "alarm.closed": Label("报警已关闭", "Alarm closed"),
    "command.sent": Label("下发指令", "Command sent"),
    "command.confirmed": Label("指令已生效", "Command confirmed"),
    "command.failed": Label("指令失败", "Command failed"),
    "command.refused": Label("指令被拒绝", "Command refused"),
    "workorder.created": Label("新建工单", "Work order made"),
    "workorder.dispatched": Label("派发工单", "Work order dispatched"),
    "workorder.accepted": Label("接受工单", "Work order accepted"),
    "workorder.done": Label("工单完成", "Work done"),
    "workorder.verified": Label("工单验收", "Work verified"),
    "workorder.reopened": Label("工单退回", "Work sent back"),
    "workorder.cancelled": Label("工单取消", "Work order cancelled"),
    "booking.created": Label("新预订", "Booked"),
    "booking.cancelled": Label("预订取消", "Booking cancelled"),
    "booking.checked_in": Label("签到", "Checked in"),
    "booking.expired": Label("预订失效", "Booking expired"),
    "film.behind": Label("历史数据曾无法保存", "History could not be saved for a time"),
    "film.lost": Label("历史数据丢失", "Samples lost"),
    "camera.lost": Label("摄像机离线", "Camera lost"),
    "camera.back": Label("摄像机恢复", "Camera back"),
    "video.paused": Label("录像暂停：磁盘空间不足", "Recording paused: the disk is nearly full"),
    "video.resumed": Label("录像恢复", "Recording resumed"),
    "video.viewed": Label("查看录像", "Recordings viewed"),
    "video.exported": Label("导出录像", "Recordings exported"),
    "bridge.reloaded": Label("重读设备线路", "Device lines read anew"),
    "bindings.changed": Label("更改设备绑定", "Bindings changed"),
    "device.changed": Label("更改设备资料", "Device data changed"),
    "binding.rejected": Label("否定绑定推测", "Guessed binding rejected"),
    "note.added": Label("添加备注", "Note added"),
    "note.changed": Label("修改备注", "Note changed"),
    "note.deleted": Label("删除备注", "Note deleted"),
    "incident.created": Label("创建事件报告", "Incident report made"),
    "incident.updated": Label("修改事件报告", "Incident report changed"),
    "incident.exported": Label("导出事件报告", "Incident report exported"),
    "log.begun": Label("开始记录", "Recording began"),
}

QUIET = (
    "session.",
    "link.",
    "key.",
    "account.",
    "credential.",
    "incident.",
    "video.viewed",
    "video.exported",
)
"""Kinds of events that say who used the system, not what happened in the venue."""


def severity_of(kind: str) -> Severity:
    """How an event weighs: an alarm, an answer to one, or anything else."""
    if kind in ("alarm.raised", "command.failed"):
        return "alarm"
    return "handled" if kind.startswith(("alarm.", "command.", "workorder.")) else "other"


def is_quiet(event: Event) -> bool:
    """Whether an event is left out of reports."""
    return event.type.startswith(QUIET)


def sentence(event: Event, lexicon: Lexicon, alarm_names: Mapping[str, Label]) -> Label:
    """What an event says; `alarm_names` by alarm id, for those whose raising is not at hand."""
    title = TITLES.get(event.type, both(event.type))
    teller = _TELLERS.get(event.type.partition(".")[0], _tell_other)
    said = teller(event, lexicon, alarm_names)
    return Label(_joined(title.zh, said.zh, "："), _joined(title.en, said.en, ": "))


def _joined(title: str, said: str, between: str) -> str:
    return f"{title}{between}{said}" if said else title


def label_in(data: Any) -> Label:
    """A label as events hold it: `{"zh": ..., "en": ...}`."""
    if not isinstance(data, Mapping):
        return Label()
    return Label(str(data.get("zh") or ""), str(data.get("en") or ""))


def _text(data: Mapping[str, Any], *keys: str) -> str:
    found = (data.get(key) for key in keys)
    return next((each for each in found if isinstance(each, str) and each), "")


def _with(said: Label, remark: str) -> Label:
    return Label(f"{said.zh}（{remark}）", f"{said.en} ({remark})") if remark else said


def _device_of(event: Event) -> str:
    return event.subject.removeprefix("device:")


def _tell_alarm(event: Event, lexicon: Lexicon, alarm_names: Mapping[str, Label]) -> Label:
    message = label_in(event.data.get("message"))
    device = lexicon.device(_device_of(event))
    if message != Label():
        return spoken(message)
    name = spoken(alarm_names.get(str(event.data.get("alarm")), Label()), str(event.data.get("rule", "")))
    said = Label(f"{name.zh}，{device.zh}", f"{name.en}, {device.en}")
    return _with(said, _text(event.data, "comment", "reason"))


def _tell_command(event: Event, lexicon: Lexicon, _: Mapping[str, Label]) -> Label:
    device, point = _device_of(event), str(event.data.get("point", ""))
    name, quantity = lexicon.device(device), lexicon.point(device, point)
    value = lexicon.value(device, point, event.data.get("value"))
    said = Label(f"{name.zh} {quantity.zh} → {value.zh}", f"{name.en}, {quantity.en} → {value.en}")
    return _with(said, _text(event.data, "fault", "reason"))


def _tell_order(event: Event, _: Lexicon, __: Mapping[str, Label]) -> Label:
    number = event.data.get("number", "")
    title, assignee = _text(event.data, "title"), _text(event.data, "assignee")
    given = f" → {assignee}" if assignee else ""
    return _with(both(f"#{number} {title}".strip() + given), _text(event.data, "note", "description"))


def _tell_booking(event: Event, _: Lexicon, __: Mapping[str, Label]) -> Label:
    return both(" ".join(filter(None, (_text(event.data, "bookable"), _text(event.data, "person_name")))))


def _tell_note(event: Event, _: Lexicon, __: Mapping[str, Label]) -> Label:
    return both(_text(event.data, "text", "title"))


def _tell_other(event: Event, lexicon: Lexicon, _: Mapping[str, Label]) -> Label:
    message = label_in(event.data.get("message"))
    if message != Label():
        return spoken(message)
    kind, name = event.subject.split(":", 1) if ":" in event.subject else (event.subject, "")
    if kind == "device":
        return _with(lexicon.device(name), _text(event.data, "reason", "note"))
    return both(_text(event.data, "title", "reason", "note"))


Teller = Callable[[Event, Lexicon, Mapping[str, Label]], Label]
_TELLERS: dict[str, Teller] = {
    "alarm": _tell_alarm,
    "command": _tell_command,
    "workorder": _tell_order,
    "booking": _tell_booking,
    "note": _tell_note,
}
