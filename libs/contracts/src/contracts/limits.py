"""How long what people write may be: forms say it, and the service that owns the thing decides by it."""

FULL_NAME = 200  # characters
