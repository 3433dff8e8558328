"""The RAP controller: its wire, sending to it, and following what it does (docs/behaviour/rap-wire.md)."""
