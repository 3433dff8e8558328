"""Every variable of the identity service."""

from kit.settings import Keys, ServiceSettings


class Settings(ServiceSettings):
    token_keys: Keys  # id=secret, the newest first; keyed hashes of sessions and tokens
    social_auth_github_key: str = ""  # the OAuth application's client id
    social_auth_github_secret: str = ""
    github_url: str = "https://github.com"  # where this process reaches github.com
    github_browser_url: str = ""  # where browsers do, if elsewhere
    github_api_url: str = "https://api.github.com"
    jobserver_github_token: str = ""
