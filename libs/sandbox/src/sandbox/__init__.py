"""The embedded stack and stand-ins for the outside world."""
