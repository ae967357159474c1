"""The demo venue: a workers' cultural palace, its model generator and its staff's data."""
