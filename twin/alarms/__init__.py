"""Alarms: rules over points, alarms by ISA-18.2, each change an event, the open ones as a projection."""
