"""Refusals are classes with a status; everything else is a 500 and an alert."""

from typing import Any, ClassVar


class AppError(Exception):
    """A refusal: `str(error)` is a sentence for people, `extra` goes into the problem document."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "error"

    def __init__(self, detail: str, /, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class Invalid(AppError):
    """The input is readable but wrong; `fields={name: [sentence]}` says where."""

    status = 400
    slug = "invalid"


class Unauthenticated(AppError):
    status = 401
    slug = "unauthenticated"


class PermissionDenied(AppError):
    status = 403
    slug = "permission-denied"


class NotFound(AppError):
    status = 404
    slug = "not-found"


class Conflict(AppError):
    status = 409
    slug = "conflict"


class TooLarge(AppError):
    status = 413
    slug = "too-large"


class TooManyRequests(AppError):
    status = 429
    slug = "too-many-requests"


class Unavailable(AppError):
    """Somebody we depend on does not answer; trying again later may work."""

    status = 503
    slug = "unavailable"


class TooSlow(Unavailable):
    """A read took longer than a reader waits; trying the same again only makes it worse."""

    status = 504
    slug = "too-slow"


BY_STATUS: dict[int, type[AppError]] = {
    cls.status: cls
    for cls in (
        Invalid,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        Conflict,
        TooLarge,
        TooManyRequests,
        Unavailable,
        TooSlow,
    )
}
