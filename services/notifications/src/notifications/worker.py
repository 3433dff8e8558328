"""Composition root of the worker: relay, consumers, dispatcher."""

import asyncio

from clients.identity import IdentityClient
from messaging.worker import Worker

from notifications.channels.email import EmailChannel
from notifications.channels.github import GitHubChannel
from notifications.channels.slack import SlackChannel
from notifications.consumers import SUBSCRIPTIONS
from notifications.dispatcher import Dispatcher
from notifications.settings import Settings


async def main(stop: asyncio.Event) -> None:
    settings = Settings()
    worker = Worker("notifications", settings, sessions_max=4)
    identity = IdentityClient(worker.clients["identity"])
    email, github = EmailChannel(settings), GitHubChannel(settings, worker.units)
    slack = SlackChannel(settings)
    dispatcher = Dispatcher(worker.units, identity, email, slack, github, settings.delivery_slots)
    try:
        await worker.run(stop, SUBSCRIPTIONS, [dispatcher.run])
    finally:
        await email.close()
        await github.close()
