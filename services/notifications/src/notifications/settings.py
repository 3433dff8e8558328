"""Every variable of the notifications service."""

from kit.settings import Pairs, ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    delivery_slots: int = Field(16, ge=1, le=256)  # deliveries under way at once, for each channel
    smtp_url: str = ""  # smtp://[user:password@]host:port; empty: mails wait
    email_from: str = "notifications@jobs.opensafely.org"
    email_reply_to: str = "OpenSAFELY Team <team@opensafely.org>"
    slack_api_url: str = "https://slack.com/api/"
    slack_bot_token: str = ""
    github_api_url: str = "https://api.github.com"
    jobserver_github_token: str = ""
    alerts_slack_channel: str = "job-server-alerts"  # what staff should look at
    registrations_slack_channel: str = "job-server-registrations"
    default_output_checking_slack_channel: str = "opensafely-outputs"
    default_output_checking_github_org: str = "ebmdatalab"
    default_output_checking_github_repo: str = "opensafely-output-review"
    # Organisations that check their own outputs: slug=owner/repo
    output_checking_repos: Pairs = {"university-of-bristol": "ebmdatalab/opensafely-output-review-bristol"}
    internal_org: str = "bennett"  # members' requests are labelled `internal`
