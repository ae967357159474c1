"""Energy: what flows, and what a day took, by circuit, storey, space and use, from what was recorded."""
