"""Every variable of the jobs service."""

from typing import Annotated, Any

from kit.settings import Needed, ServiceSettings
from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode


def _list(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Words = Annotated[list[str], NoDecode, BeforeValidator(_list)]


class Settings(ServiceSettings):
    rap_api_base_url: Needed  # ends with /
    rap_api_token: Needed
    rap_api_poll_interval: float = 60.0  # seconds between questions about a request that does not change
    rap_api_first_poll: float = 2.0  # seconds until a request that just changed is asked about again
    backend_poll_interval: float = 30.0
    submit_deadline_hours: float = 24.0  # how long an unclear submission is tried before it counts as failed
    rap_slots: int = Field(4, ge=1, le=64)  # calls to the controller under way at once, for each backend
    cancel_deadline_minutes: float = 30.0  # how long a cancel that is not accepted is tried
    forgotten_minutes: float = 15.0  # until a request that the controller no longer knows has failed
    github_api_url: str = "https://api.github.com"
    jobserver_github_token: str = ""
    opencodelists_url: str = "https://www.opencodelists.org"
    sqlrunner_projects: Words = []  # slugs of the projects that may use sqlrunner
    disable_creating_jobs: bool = False  # closes tpp and emis (J3)

    @field_validator("rap_api_base_url")
    @classmethod
    def _slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"
