"""What every service needs once: app factory, settings, errors, logging, health, HTTP client, internal identity."""
