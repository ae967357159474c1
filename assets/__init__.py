"""Venue data and models that ship with the twin."""
