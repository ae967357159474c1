"""Rooms and portals in, routes and guidance out."""
