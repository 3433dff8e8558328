"""How a delivery reaches the world: one module a channel, each raising `Failed` with a reason."""


class Failed(Exception):
    """Not delivered, and why. Tried again after `pause` seconds or more, unless it was refused `for_good`."""

    def __init__(self, reason: str, *, pause: float = 0, for_good: bool = False) -> None:
        super().__init__(reason)
        self.pause = pause
        self.for_good = for_good
