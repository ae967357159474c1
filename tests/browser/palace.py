"""The demo venue with people in it: accounts, a gateway in the field, pages somebody has signed in to."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from tests.browser.visit import Visit
from tests.contract.running import ROOT, environment, running_server

PASSWORD = "correct horse battery"
DESK = (1280, 800)
PHONE = (390, 844)
#: A device says the same again this often, or the simulation's value takes its place.
REPORT_S = 5.0
OPEN_MS = 120_000


@dataclass(frozen=True)
class Palace:
    """The served venue; `key` is that of its gateway."""

    url: str
    key: str

    def get(self, path: str) -> Any:
        """What the API answers to the gateway."""
        answer = httpx.get(self.url + path, headers=self._headers, timeout=30)
        return answer.raise_for_status().json()

    def post(self, path: str, body: object) -> Any:
        """What the API answers when the gateway sends something."""
        answer = httpx.post(self.url + path, headers=self._headers, json=body, timeout=30)
        return answer.raise_for_status().json()

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    def report(self, device: str, point: str, value: float) -> None:
        """One sample of a device."""
        answer = self.post(
            "/api/telemetry", {"samples": [{"device": device, "point": point, "value": value}]}
        )
        assert answer["accepted"] == 1, answer

    @contextlib.contextmanager
    def reporting(self, device: str, point: str, value: float) -> Iterator[None]:
        """A device that keeps saying the same until the block ends."""
        over = threading.Event()

        def keep_reporting() -> None:
            while not over.is_set():
                self.report(device, point, value)
                over.wait(REPORT_S)

        thread = threading.Thread(target=keep_reporting)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    @contextlib.contextmanager
    def visited(
        self,
        browser: Browser,
        name: str,
        path: str,
        size: tuple[int, int],
        may_be_refused: str | None = None,
    ) -> Iterator[Visit]:
        """A page on which somebody has signed in; at the end nothing may have gone wrong on it."""
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(
            viewport=viewport,  # type: ignore[arg-type]
            has_touch=size == PHONE,
            locale="zh-CN",
            reduced_motion="reduce",
        )
        visit = Visit(context.new_page(), self.url, may_be_refused=may_be_refused)
        try:
            sign_in(visit, name, path)
            yield visit
            assert visit.errors == [], visit.errors
            assert visit.outside == [], visit.outside
        finally:
            context.close()


def sign_in(visit: Visit, name: str, path: str) -> None:
    """Enter by name and password, and come to a page."""
    visit.page.goto(f"{visit.url}/login?next={path}")
    visit.page.locator("input[name=username]").fill(name)
    visit.page.locator("input[name=password]").fill(PASSWORD)
    visit.page.locator("[data-test=sign-in] button[type=submit]").click()
    visit.page.wait_for_url(visit.url + path, timeout=OPEN_MS)


@contextlib.contextmanager
def palace_with(package: Path, folder: Path, people: dict[str, str], start: str) -> Iterator[Palace]:
    """The venue from a moment on, ten times as fast as life, with an account of each role in `people`."""
    data = folder / "data"
    for name, role in people.items():
        account(data, "add", name, "--role", role)
    key = account(data, "key", "gateway", "--label", "field")
    options = ("--venue", "assets/palace/venue", "--data", str(data), "--simulate", "--speed", "10")
    with running_server(package, folder / "server.log", *options, "--start", start, dev=False) as server:
        yield Palace(server.url, key)


def account(data: Path, *arguments: str) -> str:
    """`twin account`; what it printed."""
    command = [sys.executable, "-m", "twin.cli", "account", *arguments, "--data", str(data)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
