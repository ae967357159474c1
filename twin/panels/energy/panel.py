"""The energy panel, as the server registers it; it has no tables: all it tells was recorded."""

from twin.panels.energy.routes import router
from twin.panels.energy.service import run
from twin.panels.panel import Panel

ENERGY = Panel("energy", router, run)
