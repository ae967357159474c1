"""Business features over the twin, each a vertical slice in a folder of its own; this list registers them."""

from twin.panels.panel import Panel

PANELS: tuple[Panel, ...] = ()
