"""A credential that is needed and blank stops a process at its start, not at its first call."""

from typing import Any

import gateway.settings
import identity.settings
import jobs.settings
import pytest
from pydantic import ValidationError

COMMON = {
    "nats_url": "nats://n",
    "signing_key": "k",
    "verify_keys": {"gateway": "p"},
    "database_url": "postgresql://d",
}
URLS = {f"{name}_url": "http://x" for name in ("identity", "projects", "jobs", "releases", "notifications")}
CASES: list[tuple[Any, dict[str, Any], str]] = [
    (jobs.settings.Settings, {"rap_api_base_url": "http://c/", "rap_api_token": "t"}, "rap_api_token"),
    (jobs.settings.Settings, {"rap_api_base_url": "http://c/", "rap_api_token": "t"}, "rap_api_base_url"),
    (jobs.settings.Settings, {"rap_api_base_url": "http://c/", "rap_api_token": "t"}, "database_url"),
    (jobs.settings.Settings, {"rap_api_base_url": "http://c/", "rap_api_token": "t"}, "nats_url"),
    (identity.settings.Settings, {"token_keys": {"k1": "s"}}, "signing_key"),
    (gateway.settings.Settings, {"secret_key": "s", **URLS}, "secret_key"),
]


@pytest.mark.parametrize("blank", ["", "  "])
@pytest.mark.parametrize(("settings", "more", "name"), CASES, ids=[case[2] for case in CASES])
def test_a_blank_credential_is_an_error_at_the_start(
    settings: Any, more: dict[str, Any], name: str, blank: str
) -> None:
    values = COMMON | more
    settings(**values)
    with pytest.raises(ValidationError, match=name):
        settings(**(values | {name: blank}))


@pytest.mark.parametrize("name", ["verify_keys", "token_keys"])
@pytest.mark.parametrize("keys", [{}, {"k1": ""}, {"k1": "  "}, {"k1": "s", "k2": ""}])
def test_a_missing_one_of_several_keys_is_too(name: str, keys: dict[str, str]) -> None:
    values: dict[str, Any] = COMMON | {"token_keys": {"k1": "s"}}
    identity.settings.Settings(**values)
    with pytest.raises(ValidationError, match=name):
        identity.settings.Settings(**(values | {name: keys}))
