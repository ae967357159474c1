"""The booking panel, as the server registers it."""

from pathlib import Path

from twin.panels.booking.routes import router
from twin.panels.booking.running import run
from twin.panels.panel import Panel

BOOKING = Panel("booking", router, run, Path(__file__).parent / "migrations")
