"""What every page handler gets and gives: the caller, the neighbours, forms that were checked."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from kit.errors import Invalid, NotFound, TooLarge
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Message, Receive

from gateway.callers import Caller
from gateway.services import Services
from gateway.settings import Settings
from gateway.signing import Flash, Signing

FLASH_COOKIE = "flash"
_FIELDS = 4000  # a pipeline may have thousands of actions (J13)


class BadForm(Invalid):
    """The form was not sent from our page."""


class ExpiredForm(BadForm):
    """It was ours, but of a session that has ended: what was filled in is kept."""


@dataclass(slots=True)
class Page:
    """One request for a page. Handlers read from it; `flash` and `redirect` answer with it."""

    request: Request
    caller: Caller
    services: Services
    settings: Settings
    signing: Signing
    form: FormData = field(default_factory=FormData)
    flashes: list[Flash] = field(default_factory=list)  # to be shown on the next page
    troubles: list[str] = field(default_factory=list)  # of backends, for staff

    @property
    def path(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.request.path_params.items()}

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()

    def flash(self, level: str, text: str) -> None:
        self.flashes.append((level, text))

    @property
    def who(self) -> str:
        """Of whom this is one of many requests: a session, or an address."""
        return self.caller.session or (self.request.client.host if self.request.client else "")

    def need_login(self) -> None:
        """Raises LoginNeeded, which becomes a redirect to the log-in page and back."""
        if self.caller.user is None:
            raise LoginNeeded


class LoginNeeded(Exception):
    pass


Handler = Callable[[Page], Awaitable[Response]]


def redirect(url: str) -> Response:
    """After a POST: see other."""
    return RedirectResponse(url, status_code=303)


def local(url: str) -> str:
    """`url` when it stays on this site, otherwise "/": no open redirects."""
    parts = urlsplit(url)
    fine = url.startswith("/") and not url.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return url if fine and "\n" not in url and "\r" not in url else "/"


def _limited(receive: Receive, limit: int) -> Receive:
    """The same, but it raises TooLarge as soon as more has arrived."""
    seen = 0

    async def next_message() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise TooLarge("That form is too large.")
        return message

    return next_message


async def read_form(request: Request, limit: int) -> FormData:
    """Raises TooLarge, or Invalid for a body that is no form."""
    if int(request.headers.get("content-length", "0") or 0) > limit:
        raise TooLarge("That form is too large.")
    try:
        arriving = Request(request.scope, _limited(request.receive, limit))
        return await arriving.form(max_fields=_FIELDS, max_files=10, max_part_size=limit)
    except TooLarge:
        raise
    except Exception as exc:  # the parser's errors have no common base
        raise Invalid("That form cannot be read.") from exc


def check_csrf(
    request: Request, caller: Caller, form: FormData, settings: Settings, signing: Signing
) -> None:
    """Raises BadForm. With a session the token must fit; without one the browser says where it came from."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if origin is not None and origin not in _origins(request, settings):
        raise BadForm("This form was sent from another site.")
    if caller.session is not None:
        if site not in (None, "same-origin", "none"):
            raise BadForm("This form was sent from another site.")
        if not signing.csrf_is_right(caller.session, str(form.get("csrf", ""))):
            raise ExpiredForm("This form has expired: you have logged in anew since it was shown.")
    elif site not in (None, "same-origin", "none"):
        raise BadForm("This form was sent from another site.")


def _origins(request: Request, settings: Settings) -> set[str]:
    """Where our forms are: at BASE_URL, or without one wherever the browser found us."""
    if "base_url" in settings.model_fields_set:
        return {settings.base_url.rstrip("/")}
    return {settings.base_url.rstrip("/"), str(request.base_url).rstrip("/")}


def query_string(values: Mapping[str, object]) -> str:
    """Of those values that say something; "" when none does."""
    query = urlencode({name: value for name, value in values.items() if value not in ("", None)})
    return f"?{query}" if query else ""


def integer(text: str) -> int:
    """A positive id out of a URL. Raises NotFound for anything else."""
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFound("There is no such page.")
    return int(text)
