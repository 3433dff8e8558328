"""Every variable of the identity service."""

from typing import Annotated

from kit.settings import Pairs, ServiceSettings
from pydantic import AfterValidator


def _keys(value: dict[str, str]) -> dict[str, str]:
    if not value or not all(value.values()):
        raise ValueError("a key is missing")
    return value


class Settings(ServiceSettings):
    token_keys: Annotated[
        Pairs, AfterValidator(_keys)
    ]  # id=secret, the newest first; keyed hashes of sessions and tokens
    social_auth_github_key: str = ""  # the OAuth application's client id
    social_auth_github_secret: str = ""
    github_url: str = "https://github.com"  # where this process reaches github.com
    github_browser_url: str = ""  # where browsers do, if elsewhere
    github_api_url: str = "https://api.github.com"
    jobserver_github_token: str = ""
