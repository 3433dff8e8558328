"""What an error page says: what happened, what is safe, what to do next."""

import msgspec


class ErrorView(msgspec.Struct, frozen=True):
    status: int
    title: str
    what: str
    safe: str
    next: str
    login: bool


_UNTOUCHED = "Nothing was changed."
_AWAY = (
    "Not available",
    "A part of the system does not answer.",
    "Nothing was lost.",
    "Try again in a minute.",
)
_WORDS = {
    400: (
        "That did not work",
        "Something in the request was not right.",
        _UNTOUCHED,
        "Go back, check it and try again.",
    ),
    403: (
        "You may not do this",
        "Your account does not have the right to do this.",
        _UNTOUCHED,
        "Ask whoever leads your project for the right, or go back.",
    ),
    404: (
        "Page not found",
        "There is nothing at this address, or you may not see it.",
        _UNTOUCHED,
        "Check the address, or search for a name or an id above.",
    ),
    405: (
        "That did not work",
        "This address does not take that kind of request.",
        _UNTOUCHED,
        "Go back and try again.",
    ),
    409: (
        "That is not possible now",
        "Something has changed meanwhile.",
        "What you asked for was not done, and nothing else was changed.",
        "Go back, reload the page and look again.",
    ),
    410: (
        "No longer here",
        "What was at this address was removed.",
        "The rest of the site is as it was.",
        "Search for a newer one above.",
    ),
    413: ("Too large", "What was sent is larger than we take.", _UNTOUCHED, "Send less at once."),
    429: ("Too many tries", "This was tried too often.", _UNTOUCHED, "Wait a minute and try again."),
    502: _AWAY,
    503: _AWAY,
    504: ("That takes too long", "There is too much to look through.", _UNTOUCHED, "Ask for less."),
}
_OURS = (
    "Something went wrong",
    "This is our fault. It has been recorded.",
    "Nothing that you had saved is lost.",
    "Try again; if it happens again, tell us the request id below.",
)


def explain(status: int, detail: str, *, logged_in: bool) -> ErrorView:
    title, what, safe, following = _WORDS.get(status, _OURS)
    login = status in {403, 404} and not logged_in
    return ErrorView(status, title, detail or what, safe, following, login)
