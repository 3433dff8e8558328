"""Settings common to every process; each service adds its own in `settings.py`."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _pairs(value: Any) -> Any:
    """`name=value,name=value` as a dict."""
    if isinstance(value, str):
        return dict(part.split("=", 1) for part in value.split(",") if part)
    return value


Pairs = Annotated[dict[str, str], NoDecode, BeforeValidator(_pairs)]


def _given(value: str) -> str:
    if not value.strip():
        raise ValueError("is blank")
    return value


def _all_given(value: dict[str, str]) -> dict[str, str]:
    if not value or not all(key.strip() for key in value.values()):
        raise ValueError("a key is missing")
    return value


Needed = Annotated[str, AfterValidator(_given)]  # a credential or address without which nothing works
Keys = Annotated[Pairs, AfterValidator(_all_given)]  # the same of several, by name


class Settings(BaseSettings):
    """Read once, at the composition root; start-up fails on a missing value."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    port: int = 0  # 0: a free one
    log_level: str = "INFO"
    base_url: str = "http://localhost:8000"  # where browsers reach the site
    nats_url: Needed
    signing_key: Needed  # this process's private Ed25519 key, base64url
    verify_keys: Keys  # issuer=public key, of everybody whose statements are believed


class ServiceSettings(Settings):
    database_url: Needed  # runtime role of this service: postgresql://jobs:…@host/jobserver
    identity_url: str = ""
    projects_url: str = ""
    jobs_url: str = ""
    releases_url: str = ""
    notifications_url: str = ""
