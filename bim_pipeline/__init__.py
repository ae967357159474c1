"""IFC in, model package out: tiles, catalogue, spatial index, plans, portals."""
