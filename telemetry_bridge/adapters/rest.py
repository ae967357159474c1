"""Who does not answer is left alone for a while, so that it does not take the others' time. No I/O."""

LONGEST_REST_S = 60.0


class NoAnswerError(Exception):
    """A device that did not answer in time."""


class Rest:
    """Devices that do not answer, each left alone for twice as long as the time before."""

    def __init__(self, first_s: float, longest_s: float = LONGEST_REST_S) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._pause_s: dict[object, float] = {}
        self._until_s: dict[object, float] = {}

    def silent(self, device: object, now_s: float) -> None:
        """Note that a device did not answer."""
        pause_s = min(self._longest_s, 2 * self._pause_s.get(device, self._first_s / 2))
        self._pause_s[device], self._until_s[device] = pause_s, now_s + pause_s

    def answered(self, device: object) -> None:
        """Note that a device answered."""
        self._pause_s.pop(device, None)
        self._until_s.pop(device, None)

    def rests(self, device: object, now_s: float) -> bool:
        """Say whether to leave a device alone now."""
        return now_s < self._until_s.get(device, now_s)

    @property
    def resting(self) -> tuple[object, ...]:
        """Those that did not answer when last asked."""
        return tuple(self._until_s)
