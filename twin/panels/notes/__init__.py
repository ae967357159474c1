"""Markers and notes that people put at a moment or an interval, also at an element."""
