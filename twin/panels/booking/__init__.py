"""Booking: halls, courts and rooms by the slot, with a signed code to get in and light when it begins."""
