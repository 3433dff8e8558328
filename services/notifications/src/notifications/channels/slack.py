"""Slack by chat.postMessage."""

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.channels import Failed
from notifications.models import Delivery
from notifications.render import OnGitHub, slack_text
from notifications.settings import Settings


class SlackChannel:
    def __init__(self, settings: Settings, *, timeout: int = 15) -> None:
        self._channels = {
            "@alerts": settings.alerts_slack_channel,
            "@registrations": settings.registrations_slack_channel,
            "@output_checking": settings.default_output_checking_slack_channel,
        }
        self._base_url = settings.base_url
        self._client = AsyncWebClient(
            token=settings.slack_bot_token,
            base_url=settings.slack_api_url.rstrip("/") + "/",
            timeout=timeout,
        )

    async def send(self, delivery: Delivery, on_github: OnGitHub) -> None:
        """Raises Failed."""
        try:
            await self._client.chat_postMessage(
                channel=self._channels.get(delivery.recipient, delivery.recipient),
                text=slack_text(delivery, self._base_url, on_github),
                metadata={"event_type": "delivery", "event_payload": {"key": delivery.key}},
            )
        except SlackApiError as exc:
            pause = str(exc.response.headers.get("Retry-After", ""))
            raise Failed(
                f"Slack said {exc.response.get('error', exc)}", pause=int(pause) if pause.isdecimal() else 0
            ) from exc
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            raise Failed(f"{type(exc).__name__}: {exc}") from exc
