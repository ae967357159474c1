"""Rooms and portals in, routes and guidance out. Pure logic over a model package; metres, local frame."""
