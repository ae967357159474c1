"""The words of the printed report in both languages."""

from typing import Literal

Language = Literal["zh", "en"]

TEXTS: dict[str, tuple[str, str]] = {
    "report": ("事件报告", "Incident report"),
    "number": ("编号", "No."),
    "period": ("时段", "Period"),
    "length": ("时长", "Length"),
    "about": ("范围", "Concerns"),
    "whole": ("全馆", "The whole venue"),
    "moment": ("关键时刻", "Key moment"),
    "author": ("编制人", "Prepared by"),
    "edited": ("最后修改", "Last changed"),
    "made": ("导出时间", "Issued"),
    "zone": ("时区", "Time zone"),
    "summary": ("概要", "Summary"),
    "responses": ("响应时间", "Response times"),
    "timeline": ("经过", "What happened"),
    "values": ("数值", "Readings"),
    "pictures": ("现场画面", "Pictures of the scene"),
    "cameras": ("摄像机画面", "Cameras' recordings"),
    "conclusions": ("结论", "Conclusions"),
    "record": ("记录的完整性", "Completeness of the record"),
    "nothing_written": ("（未填写）", "(not written)"),
    "no_responses": ("这段时间内没有报警。", "No alarm was raised in this time."),
    "no_entries": ("这段时间内没有相关事件。", "Nothing that concerns this report was logged in this time."),
    "no_points": ("没有选择数值。", "No readings were chosen."),
    "alarm": ("报警", "Alarm"),
    "raised": ("发生", "Raised"),
    "acknowledged": ("确认", "Acknowledged"),
    "commanded": ("首次指令", "First command"),
    "returned": ("恢复", "Returned"),
    "closed": ("关闭", "Closed"),
    "order_closed": ("工单关闭", "Work order closed"),
    "by": ("由", "by"),
    "open": ("未", "not yet"),
    "none": ("无", "none"),
    "time": ("时间", "Time"),
    "who": ("执行者", "By"),
    "what": ("事件", "Event"),
    "cause": ("起因", "Cause"),
    "after": ("时段之后", "After the period"),
    "left_out": (
        "时段内另有 {count} 条与本报告无关或属于系统登录等的记录未列出，完整记录见事件档案。",
        "{count} further events of the period are not listed: they concern other things, or sign-ins and the "
        "like. The archive of this incident holds all of them.",
    ),
    "point": ("测点", "Point"),
    "before": ("之前", "Before"),
    "at": ("关键时刻", "Key moment"),
    "afterwards": ("之后", "After"),
    "least": ("最小", "Least"),
    "greatest": ("最大", "Greatest"),
    "mean": ("平均", "Mean"),
    "doubtful": ("不可信时间", "Doubtful time"),
    "moments": (
        "“之前”为时段开始时的值，“之后”为时段结束时的值；平均值按时间加权。图中红线为关键时刻，"
        "灰底为无记录、数据过期或无效。",
        "“Before” is the value when the period begins, “After” when it ends; means are weighted by time. "
        "In the charts the red line is the key moment; grey marks time without a record, or with stale or "
        "bad data.",
    ),
    "complete": (
        "这段时间的数据记录完整，没有中断。",
        "The data of this period were recorded without a break.",
    ),
    "gap": (
        "{from} 至 {to} 没有数据记录（{length}）。",
        "Nothing was recorded from {from} to {to} ({length}).",
    ),
    "recorded": ("时段内有记录的部分：{share}。", "Share of the period with a record: {share}."),
    "late": (
        "数值按设备测得的时刻列出；迟到的数据已归入其测得的时刻。本报告反映导出时已收到的数据，此后才到达的数据不在其中。",
        "Readings stand at the time at which the device measured them; what arrived late has been put in its "
        "place. This report shows what had arrived when it was issued; what comes later is not in it.",
    ),
    "doubt_points": (
        "下列测点在部分时间内没有可信数据：{points}。",
        "Of these points there was no trustworthy reading for a part of the time: {points}.",
    ),
    "chain": (
        "事件日志为只增不改的散列链；时段内最后一条所列事件：第 {seq} 条，SHA-256 {hash}。",
        "The event log is an append-only hash chain; the last event listed is number {seq}, SHA-256 {hash}.",
    ),
    "signed": ("签字", "Signature"),
    "reviewed": ("审核人", "Reviewed by"),
    "date": ("日期", "Date"),
    "page": ("第 {page} 页，共 {pages} 页", "Page {page} of {pages}"),
    "simulated": ("模拟", "simulated"),
    "stale": ("过期", "stale"),
    "bad": ("无效", "bad"),
    "simulation": (
        "本报告含模拟数据，不能作为真实设备状态的证明。",
        "This report holds simulated readings; it is no evidence of the state of real devices.",
    ),
    "critical": ("紧急", "Critical"),
    "high": ("高", "High"),
    "medium": ("中", "Medium"),
    "low": ("低", "Low"),
    "model": ("模型版本", "Model revision"),
}


def phrase(key: str, language: Language, **named: object) -> str:
    """A text with its values."""
    text = TEXTS[key][language == "en"]
    for name, value in named.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def duration(ms: float, language: Language) -> str:
    """A length of time as people say it: its two largest units."""
    seconds = round(ms / 1000.0)
    if ms < 1000.0:
        return f"{ms / 1000.0:.1f} s" if language == "en" else f"{ms / 1000.0:.1f} 秒"
    units = (("d", "天", 86_400), ("h", "小时", 3600), ("min", "分", 60), ("s", "秒", 1))
    parts = []
    for short, long, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {short}" if language == "en" else f"{count} {long}")
        elif parts:
            break
    return " ".join(parts[:2])
