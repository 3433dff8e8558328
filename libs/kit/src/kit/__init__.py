"""What every process needs once: app factory, settings, errors, logs, health, HTTP, identity."""
