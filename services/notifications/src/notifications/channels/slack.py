"""Slack by chat.postMessage (spec/notifications.md §3.2)."""

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.channels import Failed
from notifications.models import Delivery
from notifications.settings import Settings


class SlackChannel:
    def __init__(self, settings: Settings) -> None:
        self._channels = {
            "@registrations": settings.registrations_slack_channel,
            "@output_checking": settings.default_output_checking_slack_channel,
        }
        self._base_url = settings.base_url.rstrip("/")
        self._client = AsyncWebClient(
            token=settings.slack_bot_token, base_url=settings.slack_api_url.rstrip("/") + "/", timeout=15
        )

    async def send(self, delivery: Delivery, link: str | None) -> None:
        """`link` is the issue's address, when there is one. Raises Failed."""
        text = str(delivery.context["text"]).replace("{base_url}", self._base_url)
        if link and (title := delivery.context.get("title")):
            text = text.replace(str(title), f"<{link}|{title}>", 1)
        channel = self._channels.get(delivery.recipient, delivery.recipient)
        try:
            await self._client.chat_postMessage(
                channel=channel,
                text=text,
                metadata={"event_type": "delivery", "event_payload": {"key": delivery.key}},
            )
        except SlackApiError as exc:
            raise Failed(f"Slack said {exc.response.get('error', exc)}") from exc
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            raise Failed(f"{type(exc).__name__}: {exc}") from exc
