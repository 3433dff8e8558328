"""Every variable of the gateway."""

from kit.settings import Needed
from kit.settings import Settings as Common


class Settings(Common):
    secret_key: Needed  # signs flash messages and CSRF tokens
    identity_url: str
    projects_url: str
    jobs_url: str
    releases_url: str
    notifications_url: str
    github_browser_url: str = "https://github.com"  # links to repositories stay as stored; this is for log-in
    accel_prefix: str = ""  # set when nginx serves released files itself
    metrics_token: str = ""  # /metrics answers only callers who bring it
    docs_url: str = "https://docs.opensafely.org/"
    max_body: int = 2 * 1024 * 1024  # of a form, in bytes

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """https: host-only and Secure. http: no Secure, and the port in the name (I18)."""
        if self.secure:
            return "__Host-session"
        _, _, port = self.base_url.removeprefix("http://").rstrip("/").partition(":")
        return f"session_{port or 80}"
