"""Starts the whole system on one machine, with the sandbox or with the real outside world."""
