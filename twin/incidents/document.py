"""The printed report as HTML for weasyprint: a document that a manager hands to an insurer. Pure.

All that people or devices wrote is escaped; pictures are named `picture:<id>`, which `pdf` alone resolves.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

from telemetry_bridge.points import Label
from telemetry_bridge.wire import Quality
from twin.incidents.charts import chart
from twin.incidents.dossier import Dossier, Entry, PointStory
from twin.incidents.lexicon import plain, spoken, unit_text
from twin.incidents.phrases import Language, duration, phrase
from twin.incidents.readings import Reading
from twin.incidents.responses import Response
from twin.incidents.style import page_rules, sheet

HASH_SHOWN = 16
QUALITY_WORDS = {Quality.STALE: "stale", Quality.BAD: "bad", Quality.SIMULATED: "simulated"}


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What stands around the report: venue and operator, the model's revision, who prepared it."""

    venue: Label
    operator: Label
    revision: str
    author: str
    editor: str


@dataclass(frozen=True, slots=True)
class CameraView:
    """A picture of a camera's recording: `picture` is its id, `time_ms` when it was taken."""

    picture: str
    camera: Label
    time_ms: float


class Writer:
    """Writes one report in one language."""

    def __init__(
        self,
        found: Dossier,
        head: Letterhead,
        language: Language,
        zone: tzinfo,
        views: Sequence[CameraView] = (),
    ) -> None:
        self._views = views
        self._found, self._head, self._language, self._zone = found, head, language, zone
        days = {self._local(each).date() for each in (found.incident.from_ms, found.incident.to_ms)}
        self._one_day = len(days) == 1

    def html(self) -> str:
        """The whole document."""
        incident = self._found.incident
        venue, number = self._pick(self._head.venue), f"{self._say('number')} {incident.number}"
        rules = page_rules(f"{venue} · {self._say('report')} {number}", incident.title, self._language)
        sections = (
            ("summary", self._prose(incident.summary)),
            ("responses", self._responses()),
            ("timeline", self._timeline()),
            ("values", self._values()),
            ("pictures", self._pictures()),
            ("cameras", self._cameras()),
            ("conclusions", self._prose(incident.conclusions)),
            ("record", self._record()),
        )
        shown = [(key, body) for key, body in sections if body]
        parts = "".join(
            f'<section class="{key}"><h2><b>{place}</b>{self._say(key)}</h2>{body}</section>'
            for place, (key, body) in enumerate(shown, 1)
        )
        lang = "en" if self._language == "en" else "zh-CN"
        return (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
            f"<title>{escape(incident.title)}</title>"
            f'<meta name="author" content="{escape(self._head.author)}">'
            f"<style>{sheet()}{rules}</style></head><body>{self._front()}{parts}{self._signatures()}</body></html>"
        )

    # Words and times

    def _say(self, key: str, **named: object) -> str:
        return escape(phrase(key, self._language, **named))

    def _pick(self, label: Label) -> str:
        known = spoken(label)
        return known.en if self._language == "en" else known.zh

    def _label(self, label: Label) -> str:
        return escape(self._pick(label))

    def _local(self, time_ms: float) -> datetime:
        return datetime.fromtimestamp(time_ms / 1000.0, self._zone)

    def _moment(self, time_ms: float) -> str:
        return self._local(time_ms).strftime("%Y-%m-%d %H:%M:%S")

    def _clock(self, time_ms: float) -> str:
        """The time of day, with the day where the report is about several."""
        local = self._local(time_ms)
        day = local.date() == self._local(self._found.incident.from_ms).date()
        short = local.strftime("%H:%M:%S")
        return short if self._one_day and day else f"{local.strftime('%m-%d')} {short}"

    def _length(self, ms: float) -> str:
        return duration(ms, self._language)

    # Sections

    def _front(self) -> str:
        incident, head = self._found.incident, self._head
        facts = [
            ("period", f"{self._moment(incident.from_ms)} — {self._moment(incident.to_ms)}"),
            ("length", escape(self._length(incident.to_ms - incident.from_ms))),
            ("about", self._about()),
            ("moment", self._moment(incident.at_ms)),
            ("author", escape(head.author)),
            ("edited", f"{self._moment(incident.changed_ms)} · {escape(head.editor)}"),
            ("made", f"{self._moment(self._found.made_ms)}"),
            ("zone", escape(f"{self._zone} (UTC{self._local(incident.from_ms).strftime('%z')})")),
            ("model", escape(head.revision)),
        ]
        rows = "".join(f"<tr><th>{self._say(key)}</th><td>{value}</td></tr>" for key, value in facts)
        operator = self._pick(head.operator)
        warning = f'<p class="warning">{self._say("simulation")}</p>' if self._is_simulated() else ""
        return (
            f'<header><p class="venue">{self._label(head.venue)}</p>'
            f'<p class="operator">{escape(operator)}</p>'
            f'<p class="kind">{self._say("report")}<span>{self._say("number")} {incident.number}</span></p>'
            f"<h1>{escape(incident.title)}</h1></header>{warning}"
            f'<table class="facts">{rows}</table>'
        )

    def _about(self) -> str:
        scope, names = self._found.incident.scope, self._found.lexicon
        if scope.is_whole:
            return self._say("whole")
        places = [self._label(names.place(guid)) for guid in (scope.space, scope.element) if guid]
        raised = [each for each in self._found.responses if each.alarm == scope.alarm]
        alarms = [
            f"{self._label(spoken(each.name, each.rule))} · {self._label(names.device(each.device))}"
            for each in raised
        ]
        return " · ".join([*places, *alarms]) or self._say("alarm")

    def _is_simulated(self) -> bool:
        readings = (each for story in self._found.points for each in (story.before, story.at, story.after))
        return any(each.quality == Quality.SIMULATED for each in readings)

    def _prose(self, text: str) -> str:
        parts = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
        if not parts:
            return f'<p class="faint">{self._say("nothing_written")}</p>'
        return "".join(f"<p>{escape(part.strip()).replace(chr(10), '<br>')}</p>" for part in parts)

    def _responses(self) -> str:
        if not self._found.responses:
            return f'<p class="faint">{self._say("no_responses")}</p>'
        steps = ("raised", "acknowledged", "commanded", "returned", "closed", "order_closed")
        heads = "".join(f"<th>{self._say(key)}</th>" for key in ("alarm", *steps))
        rows = "".join(self._response(each) for each in self._found.responses)
        return f'<table class="grid responses"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'

    def _response(self, found: Response) -> str:
        names = self._found.lexicon
        guid = found.space or found.element
        place = "" if guid is None else f" · {self._label(names.place(guid))}"
        alarm = (
            f"<strong>{self._label(spoken(found.name, found.rule))}</strong>"
            f"<small>{self._label(names.device(found.device))}{place}</small>"
        )
        who = "" if found.acknowledged_by is None else self._label(names.actor(found.acknowledged_by))
        order = "" if found.order is None else f"#{found.order}"
        cells = [
            self._clock(found.raised_ms),
            self._step(found, found.acknowledged_ms, who),
            self._step(found, None if found.command is None else found.command.time_ms, "", "none"),
            self._step(found, found.returned_ms),
            self._step(found, found.closed_ms),
            self._step(found, found.order_closed_ms, order, "none" if found.order is None else "open"),
        ]
        mark = f'<i class="mark {escape(found.priority)}"></i>'
        first = f'<td class="what">{mark}{alarm}</td>'
        return f"<tr>{first}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"

    def _step(self, found: Response, time_ms: int | None, remark: str = "", missing: str = "open") -> str:
        if time_ms is None:
            return f'<span class="faint">{self._say(missing)}{" " + remark if remark else ""}</span>'
        small = f"<small>{remark}</small>" if remark else ""
        later = escape(self._length(time_ms - found.raised_ms))
        return f"<strong>+{later}</strong><small>{self._clock(time_ms)}</small>{small}"

    def _timeline(self) -> str:
        if not self._found.entries:
            return f'<p class="faint">{self._say("no_entries")}</p>' + self._left_out()
        heads = "".join(
            f'<th class="{css}">{text}</th>'
            for css, text in (
                ("no", "#"),
                ("when", self._say("time")),
                ("event", self._say("what")),
                ("who", self._say("who")),
                ("cause", self._say("cause")),
            )
        )
        rows = "".join(self._rows(self._found.entries))
        return (
            f'<table class="grid events"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
            + self._left_out()
        )

    def _rows(self, entries: Sequence[Entry]) -> Iterable[str]:
        is_after = False
        for entry in entries:
            if entry.after and not is_after:
                is_after = True
                yield f'<tr class="divider"><td colspan="5">{self._say("after")}</td></tr>'
            yield (
                f'<tr><td class="no">{entry.number}</td>'
                f'<td class="when">{self._clock(entry.event.time_ms)}</td>'
                f'<td class="event"><i class="mark {entry.severity}"></i>{self._label(entry.text)}</td>'
                f'<td class="who">{self._label(entry.actor)}</td>'
                f'<td class="cause">{"" if entry.cause is None else entry.cause}</td></tr>'
            )

    def _left_out(self) -> str:
        count = self._found.left_out
        return f'<p class="note">{self._say("left_out", count=count)}</p>' if count > 0 else ""

    def _values(self) -> str:
        stories = self._found.points
        if not stories:
            return f'<p class="faint">{self._say("no_points")}</p>'
        columns = ("point", "before", "at", "afterwards", "least", "greatest", "mean", "doubtful")
        heads = "".join(f"<th>{self._say(key)}</th>" for key in columns)
        rows = "".join(self._value_row(story) for story in stories)
        charts = "".join(self._chart(story) for story in stories)
        return (
            f'<table class="grid values"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
            f'<p class="note">{self._say("moments")}</p>{charts}'
        )

    def _value_row(self, story: PointStory) -> str:
        known = story.figures
        numbers = (known.least, known.greatest, known.mean)
        edges = ["" if story.states else self._number(each, story.unit) for each in numbers]
        doubtful = f"{known.doubtful:.0%}" if known.doubtful >= 0.005 else "—"
        cells = [self._reading(story, each) for each in (story.before, story.at, story.after)]
        cells += [*edges, doubtful]
        name = (
            f'<td class="what"><strong>{self._label(story.name)}</strong>'
            f"<small>{self._label(story.device_name)} · {escape(story.key)}</small></td>"
        )
        return f"<tr>{name}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"

    def _reading(self, story: PointStory, reading: Reading) -> str:
        value = reading.value
        if not math.isfinite(value):
            return "—"
        is_state = bool(story.states) and value.is_integer() and 0 <= value < len(story.states)
        text = self._label(story.states[int(value)]) if is_state else self._number(value, story.unit)
        word = QUALITY_WORDS.get(Quality(reading.quality)) if reading.quality is not None else None
        return text + (f"<small>{self._say(word)}</small>" if word else "")

    def _number(self, value: float, unit: str) -> str:
        return "—" if not math.isfinite(value) else escape(f"{plain(value)} {unit_text(unit)}".strip())

    def _chart(self, story: PointStory) -> str:
        incident = self._found.incident
        span = (float(incident.from_ms), float(incident.to_ms))
        drawn = chart(story, span, incident.at_ms, self._found.gaps, self._zone, zh=self._language == "zh")
        if not drawn:
            return ""
        unit = "" if story.states else unit_text(story.unit)
        title = f"{self._label(story.device_name)} · {self._label(story.name)}"
        return f"<figure><figcaption>{title}<span>{escape(unit)}</span></figcaption>{drawn}</figure>"

    def _pictures(self) -> str:
        figures = [
            f'<figure class="picture"><img src="picture:{escape(each.id)}">'
            f"<figcaption><b>{self._clock(each.time_ms)}</b>{escape(each.caption)}</figcaption></figure>"
            for each in self._found.incident.pictures
        ]
        return "".join(figures)

    def _cameras(self) -> str:
        return "".join(
            f'<figure class="picture"><img src="picture:{escape(each.picture)}">'
            f"<figcaption><b>{self._clock(each.time_ms)}</b>{self._label(each.camera)}</figcaption></figure>"
            for each in self._views
        )

    def _record(self) -> str:
        found = self._found
        lines = [self._say("late")]
        if found.gaps:
            lines = [self._gap(gap.from_ms, gap.to_ms or found.incident.to_ms) for gap in found.gaps] + [
                self._say("recorded", share=f"{found.recorded:.1%}"),
                *lines,
            ]
        else:
            lines.insert(0, self._say("complete"))
        doubtful = [each for each in found.points if each.figures.doubtful >= 0.005]
        if doubtful:
            shown = [f"{each.key} ({each.figures.doubtful:.0%})" for each in doubtful]
            lines.append(self._say("doubt_points", points=", ".join(shown)))
        if found.entries:
            last = found.entries[-1].event
            lines.append(self._say("chain", seq=last.seq, hash=last.hash))
        return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"

    def _gap(self, from_ms: float, to_ms: float) -> str:
        named = {
            "from": self._moment(from_ms),
            "to": self._moment(to_ms),
            "length": self._length(to_ms - from_ms),
        }
        return self._say("gap", **named)

    def _signatures(self) -> str:
        boxes = "".join(
            f"<div><span>{self._say(key)}</span><span>{self._say('signed')}</span>"
            f"<span>{self._say('date')}</span></div>"
            for key in ("author", "reviewed")
        )
        return f'<div class="signatures">{boxes}</div>'


def report_html(
    found: Dossier,
    head: Letterhead,
    language: Language,
    zone: tzinfo,
    views: Sequence[CameraView] = (),
) -> str:
    """The report in one language, times in the venue's zone; `views`: what cameras recorded at its moment."""
    return Writer(found, head, language, zone, views).html()
