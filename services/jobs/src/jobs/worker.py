"""Composition root of the worker: relay, replicas, and the loops that talk to the controller."""

import asyncio
from datetime import timedelta

from clients.projects import ProjectsClient
from messaging.worker import Worker

from jobs.consumers import SUBSCRIPTIONS
from jobs.rap.backends import BackendWatch
from jobs.rap.canceller import Canceller
from jobs.rap.client import RapClient
from jobs.rap.dispatcher import Dispatcher
from jobs.rap.poller import Poller
from jobs.settings import Settings


async def main(stop: asyncio.Event) -> None:
    settings = Settings()
    worker = Worker("jobs", settings, sessions_max=5)
    rap = RapClient(settings.rap_api_base_url, settings.rap_api_token)
    projects = ProjectsClient(worker.clients["projects"])
    sending, cancelling = asyncio.Event(), asyncio.Event()
    deadline = timedelta(hours=settings.submit_deadline_hours)
    slots = settings.rap_slots
    dispatcher = Dispatcher(worker.units, rap, projects, worker.owners, deadline, sending, slots)
    patience = timedelta(minutes=settings.cancel_deadline_minutes)
    canceller = Canceller(worker.units, rap, cancelling, deadline=patience, slots=slots)

    async def listen() -> None:
        """A commit of the API wakes the relay; whoever sends to the controller wakes with it."""
        client = await worker.broker.client()

        async def wakeup(_: object) -> None:
            sending.set()
            cancelling.set()

        await client.subscribe("wake.jobs", cb=wakeup)
        await stop.wait()

    loops = [
        listen,
        dispatcher.run,
        canceller.run,
        Poller(settings, worker.units, rap).run,
        BackendWatch(settings, worker.units, rap).run,
    ]
    try:
        await worker.run(stop, SUBSCRIPTIONS, loops)
    finally:
        await rap.close()
