"""The film: every frame of the live stream recorded, and every past moment of it read back."""
