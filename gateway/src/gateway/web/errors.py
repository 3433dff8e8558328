"""What an error page says: what happened, what is safe, what to do next."""

import msgspec


class ErrorView(msgspec.Struct, frozen=True):
    status: int
    title: str
    what: str
    next: str
    login: bool


_WORDS = {
    400: ("That did not work", "Something in the request was not right.", "Go back, check it and try again."),
    403: (
        "You may not do this",
        "Your account does not have the right to do this.",
        "Ask your project's lead.",
    ),
    404: (
        "Page not found",
        "There is nothing at this address, or you may not see it.",
        "Check the address, or search for a name or an id above.",
    ),
    405: ("That did not work", "This address does not take that kind of request.", "Go back and try again."),
    409: ("That is not possible now", "Something has changed meanwhile.", "Reload the page and look again."),
    413: ("Too large", "What was sent is larger than we take.", "Send less at once."),
    429: ("Too many tries", "This was tried too often.", "Please wait a little and try again."),
    502: (
        "Not available",
        "A part of the system does not answer.",
        "Nothing was lost. Try again in a minute.",
    ),
    503: (
        "Not available",
        "A part of the system does not answer.",
        "Nothing was lost. Try again in a minute.",
    ),
}
_OURS = (
    "Something went wrong",
    "This is our fault. It has been recorded, and nothing that you had saved is lost.",
    "Try again; if it happens again, tell us the request id below.",
)


def explain(status: int, detail: str, *, logged_in: bool) -> ErrorView:
    title, what, following = _WORDS.get(status, _OURS)
    login = status in {403, 404} and not logged_in
    return ErrorView(status, title, detail or what, following, login)
