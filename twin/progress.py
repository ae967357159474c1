"""A progress bar on stderr for the slow commands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

BAR_WIDTH = 40


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float, str], None]]:
    """A bar that goes away at the end; call what it gives with the share done, 0..1, and what is done now.

    Drawn without a thread of its own: a build forks, and a fork does not go well with threads.
    """
    columns = (
        TextColumn("[bold]{task.fields[title]}"),
        BarColumn(bar_width=BAR_WIDTH),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=1.0, title=title)

        def show(done: float, what: str) -> None:
            bar.update(task, completed=done, description=what, refresh=True)

        yield show
