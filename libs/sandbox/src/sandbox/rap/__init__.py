"""A RAP controller with a made-up agent (docs/behaviour/rap-wire.md)."""
