"""Shows the archive of an incident: the ordinary twin over it, read-only, its time ended."""
