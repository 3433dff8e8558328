"""How a delivery reaches the world: one module a channel, each raising `Failed` with a reason."""


class Failed(Exception):
    """Not delivered, and why; it will be tried again."""
