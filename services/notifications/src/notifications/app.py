"""Composition root of the API."""

from kit.app import Service
from messaging.runtime import create_app

from notifications.api import deliveries
from notifications.settings import Settings


def create(settings: Settings | None = None) -> Service:
    return create_app("notifications", settings or Settings(), [deliveries.router], max_body_size=64 * 1024)
