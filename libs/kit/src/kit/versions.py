"""A form that was shown before somebody else changed the thing must not overwrite what it never showed."""

from kit.errors import Conflict


def check(shown: int | None, current: int, **now: str) -> None:
    """Raises Conflict with what the fields are `now` and the version to send when that is to be replaced.

    `shown` is None where no form was shown: a command, or a program.
    """
    if shown is not None and shown != current:
        raise Conflict(
            "This was changed meanwhile. What you entered is kept: save it again to replace what is there.",
            now={**now, "version": str(current)},
        )
