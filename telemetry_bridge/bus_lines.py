"""Lines to devices among several workers: who holds which, and who should. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from telemetry_bridge.bus import LineReport, ProcessReport


def lines_of(processes: Iterable[ProcessReport]) -> dict[str, LineReport]:
    """Give what is told of each line, by id; where a line has just changed hands, by its new holder."""
    told: dict[str, LineReport] = {}
    for report in (line for process in processes for line in process.lines):
        if report.id not in told or told[report.id].token < report.token:
            told[report.id] = report
    return dict(sorted(told.items()))


def shared_out(able: Mapping[str, Collection[str]], holders: Mapping[str, str]) -> dict[str, str]:
    """Give each line its worker: `able` are the lines that each worker could hold, `holders` who holds which.

    All workers have as many lines as each other, give or take one, as far as they are able, and few lines
    change hands. Everybody who knows the same comes to the same result, and it is at rest: shared out anew it
    stays as it is.
    """
    lines = sorted({line for each in able.values() for line in each})
    given = {line: holders[line] for line in lines if line in able.get(holders.get(line, ""), ())}
    load = Counter(given.values())
    for line in lines:
        if line not in given:
            willing = sorted(worker for worker in able if line in able[worker])
            given[line] = min(willing, key=lambda worker: load[worker])
            load[given[line]] += 1
    while (move := _move(able, given, load)) is not None:
        line, worker = move
        load[given[line]] -= 1
        load[worker] += 1
        given[line] = worker
    return given


def _move(
    able: Mapping[str, Collection[str]], given: Mapping[str, str], load: Counter[str]
) -> tuple[str, str] | None:
    """The line that should go to a worker who has less, and that worker; None: no line should."""
    moves = (
        (load[holder] - load[worker], line, worker)
        for line, holder in given.items()
        for worker in able
        if line in able[worker]
    )
    gain, line, worker = max(moves, default=(0, "", ""))
    return (line, worker) if gain > 1 else None


def share_of(name: str, processes: Sequence[ProcessReport]) -> set[str]:
    """Give the lines that a process should hold, by what all processes tell."""
    able = {each.name: each.able for each in processes if each.able}
    holders = {line.id: line.worker for line in lines_of(processes).values()}
    return {line for line, worker in shared_out(able, holders).items() if worker == name}
