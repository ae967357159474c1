"""Business features over the twin, each a vertical slice in a folder of its own; this list registers them."""

from twin.panels.booking.panel import BOOKING
from twin.panels.energy.panel import ENERGY
from twin.panels.incidents.panel import INCIDENTS
from twin.panels.notes.panel import NOTES
from twin.panels.ops.panel import OPS
from twin.panels.panel import Panel
from twin.panels.video.panel import VIDEO

PANELS: tuple[Panel, ...] = (BOOKING, OPS, ENERGY, NOTES, INCIDENTS, VIDEO)
