"""A venue that behaves: weather, people, rooms and equipment as a seeded stand-in for devices."""
