"""A page in a real browser: what it shows, what it says, and what it asks of the network."""

import io
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from playwright.sync_api import Browser as PlaywrightBrowser
from playwright.sync_api import ConsoleMessage, Page, Playwright, Request, expect

#: Software GL, so that a machine without a GPU draws the same picture.
ARGUMENTS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
)
WAIT_MS = 60_000
#: What the browser itself writes when a server is away; the page cannot keep it from doing so.
AWAY = (
    "net::ERR_CONNECTION",
    "net::ERR_EMPTY_RESPONSE",
    "Failed to load resource",
    "WebSocket connection to",
)

Colour = tuple[int, int, int]


def launch(playwright: Playwright) -> PlaywrightBrowser:
    """Start the system's Chromium, else the one that Playwright brings."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, (shutil.which(name) for name in names)), None)
    return playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))


@dataclass
class Visit:
    """A page of the viewer; `errors` and `outside` should stay empty."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    server_may_be_away: bool = False
    #: The path of a request that the server may refuse: an answer the page bears, but the browser notes.
    may_be_refused: str | None = None

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._on_request)
        self.page.set_default_timeout(WAIT_MS)

    def _on_console(self, message: ConsoleMessage) -> None:
        away = self.server_may_be_away and any(part in message.text for part in AWAY)
        path = message.location["url"].removeprefix(self.url).partition("?")[0]
        expected = away or (self.may_be_refused is not None and path == self.may_be_refused)
        # What WebGL refuses to draw is told as a warning, and is missing from the picture.
        if (message.type == "error" and not expected) or "GL_INVALID" in message.text:
            self.errors.append(message.text)

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.outside.append(request.url)

    def open(self, path: str = "/") -> None:
        """Go to a page and wait until the building is drawn and live."""
        self.page.goto(self.url + path)
        self.page.wait_for_function("() => window.__twin?.firstPicture != null", timeout=WAIT_MS)
        expect(self.part("link")).to_have_attribute("data-state", "live", timeout=WAIT_MS)
        self.rest()

    def part(self, name: str) -> Any:
        """The part of the interface with this `data-test`."""
        return self.page.locator(f"[data-test={name}]")

    def rest(self) -> None:
        """Wait until everything is loaded, drawn and at rest."""
        self.page.wait_for_function("() => window.__twin?.idle", timeout=WAIT_MS)

    def find(self, element_index: int) -> dict[str, float] | None:
        """Where an element is seen, client pixels, and its share of the picture; None when it is unseen."""
        found: dict[str, float] | None = self.page.evaluate(
            "(index) => window.__twin.find(index)", element_index
        )
        return found

    def seen(self, element_index: int) -> dict[str, float]:
        """`find` for an element that must be in sight."""
        found = self.find(element_index)
        assert found is not None, f"element {element_index} is not in the picture"
        return found

    def picture(self) -> Image.Image:
        """The page as it is on screen."""
        return Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")

    def colour(self, at: dict[str, float]) -> Colour:
        """Mean colour of the 3 by 3 pixels around a place."""
        clip = {"x": at["x"] - 1, "y": at["y"] - 1, "width": 3.0, "height": 3.0}
        shot = self.page.screenshot(clip=clip)  # type: ignore[arg-type]
        red, green, blue = Image.open(io.BytesIO(shot)).convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
        return int(red), int(green), int(blue)

    def wait_for_colour(self, at: dict[str, float], wanted: Callable[[Colour], bool]) -> Colour:
        """Wait until a place has a colour; software GL on a busy machine takes its time for a frame."""
        deadline = time.monotonic() + WAIT_MS / 1000
        while not wanted(colour := self.colour(at)):
            assert time.monotonic() < deadline, f"the colour stays {colour}"
            time.sleep(0.05)
        return colour
