"""GitHub as the identity provider: the OAuth exchange and the profile. No access token is ever stored."""

import warnings
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

import authlib.deprecate  # noqa: F401  # it makes its warnings always show, so it comes before the filter
import httpx
from authlib.integrations.base_client.errors import OAuthError
from kit.errors import Invalid, NotFound, Unavailable

from identity.policies import tidy
from identity.settings import Settings

with warnings.catch_warnings():  # of a successor of httpx, told to everybody at every start
    warnings.simplefilter("ignore")
    from authlib.integrations.httpx_client import AsyncOAuth2Client

_TIMEOUT = 8.0
_NO_ANSWER = (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError)  # or none that is one


@dataclass(frozen=True)
class Profile:
    uid: str
    login: str
    name: str | None
    email: str | None  # the verified primary one

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class GitHubLogin:
    """Browsers and this process may reach GitHub by different addresses (I16)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._browser = (settings.github_browser_url or settings.github_url).rstrip("/")
        self._tls = httpx.create_ssl_context()  # takes a while, so not at every log-in

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self._settings.social_auth_github_key,
            self._settings.social_auth_github_secret,
            scope="user:email",
            code_challenge_method="S256",
            timeout=_TIMEOUT,
            verify=self._tls,
            headers={"User-Agent": "Job Server", "Accept": "application/json"},
        )

    def authorize_url(self, state: str, challenge: str, redirect_uri: str) -> str:
        url, _ = self._client().create_authorization_url(
            f"{self._browser}/login/oauth/authorize",
            state=state,
            redirect_uri=redirect_uri,
            code_challenge=challenge,
            code_challenge_method="S256",
        )
        return str(url)

    async def profile(self, code: str, verifier: str, redirect_uri: str) -> Profile:
        """Raises Invalid when GitHub refuses the code, Unavailable when it does not answer."""
        try:
            async with self._client() as client:
                await client.fetch_token(
                    f"{self._settings.github_url.rstrip('/')}/login/oauth/access_token",
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=redirect_uri,
                )
                user = (await client.get(f"{self._api}/user")).raise_for_status().json()
                emails = (await client.get(f"{self._api}/user/emails")).raise_for_status().json()
            return _profile(user, primary(emails))
        except OAuthError as exc:
            raise Invalid(f"GitHub did not accept the log-in: {exc.description or exc.error}") from exc
        except _NO_ANSWER as exc:
            raise Unavailable("GitHub does not answer just now. Please try again in a minute.") from exc

    @property
    def _api(self) -> str:
        return self._settings.github_api_url.rstrip("/")

    async def account(self, login: str) -> Profile:
        """The account of that login now. Raises NotFound, Unavailable."""
        token = self._settings.jobserver_github_token
        headers = {"User-Agent": "Job Server"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, headers=headers, verify=self._tls) as client:
                answer = await client.get(f"{self._api}/users/{quote(login, safe='')}")
                if answer.status_code == 404:
                    raise NotFound(f"GitHub has no account {login}.")
                user = answer.raise_for_status().json()
            return _profile(user, user.get("email") or None)
        except _NO_ANSWER as exc:
            raise Unavailable("GitHub does not answer just now.") from exc


def _profile(user: dict[str, Any], email: str | None) -> Profile:
    return Profile(str(user["id"]), str(user["login"]), tidy(user.get("name") or "") or None, email)


def primary(emails: list[dict[str, Any]]) -> str | None:
    """The verified primary address; an unverified one could be anybody's."""
    return next((str(e["email"]) for e in emails if e.get("primary") and e.get("verified")), None)
