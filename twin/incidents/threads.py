"""Which events belong together: by their causes, their alarm, their command, their work order. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence

from twin.events.event import Event

OWN_SUBJECTS = ("workorder:", "booking:", "incident:", "note:")
"""Subjects that are one story each; a device's or a person's events are not."""


class _Groups:
    """Disjoint sets (union-find with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, key: str) -> str:
        parent = self._parent
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    def join(self, key: str, other: str) -> None:
        self._parent[self.root(key)] = self.root(other)


def keys_of(event: Event) -> Iterable[str]:
    """What ties an event to others."""
    if event.cause is not None:
        yield f"event:{event.cause}"
    alarm, command = event.data.get("alarm"), event.data.get("command")
    if isinstance(alarm, str):
        yield f"alarm:{alarm}"
    if isinstance(command, str):
        yield f"command:{command}"
    if event.subject.startswith(OWN_SUBJECTS):
        yield event.subject


def concerned(events: Sequence[Event], is_meant: Callable[[Event], bool]) -> list[Event]:
    """The events that are meant, and those that belong to them; in the order given."""
    groups = _Groups()
    for event in events:
        for key in keys_of(event):
            groups.join(f"event:{event.id}", key)
    meant = {groups.root(f"event:{event.id}") for event in events if is_meant(event)}
    return [event for event in events if groups.root(f"event:{event.id}") in meant]


def about(
    devices: Collection[str], places: Collection[str], alarms: Collection[str]
) -> Callable[[Event], bool]:
    """Whether an event is about one of some devices, elements or spaces (guids), or alarms."""
    subjects = {f"device:{device}" for device in devices} | {f"element:{place}" for place in places}

    def is_meant(event: Event) -> bool:
        data = event.data
        named = {data.get("element"), data.get("space")} if places else set()
        return (
            event.subject in subjects
            or not named.isdisjoint(places)
            or (isinstance(data.get("device"), str) and data["device"] in devices)
            or (isinstance(data.get("alarm"), str) and data["alarm"] in alarms)
        )

    return is_meant
