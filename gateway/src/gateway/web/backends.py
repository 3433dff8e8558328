"""A backend and its state (J43 to J45)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from clients.jobs import BackendStatus
from contracts.troubles import KEPT, TROUBLES

from gateway.web.format import Pill, When, plural, when


class HourBar(msgspec.Struct, frozen=True):
    """One hour of the small chart, as SVG attributes."""

    x: int
    y: int
    height: int


class BackendCard(msgspec.Struct, frozen=True):
    slug: str
    name: str
    pill: Pill
    sentence: str
    last_seen: When | None
    pending: int
    running: int
    load: str
    chart: list[HourBar]
    chart_label: str


def backend_pill(backend: BackendStatus) -> Pill:
    if backend.unknown:
        return Pill("missing", "Not known", "exclamation-triangle")
    if backend.missing:
        return Pill("missing", "Missing", "exclamation-triangle")
    if backend.in_maintenance:
        return Pill("paused", "Maintenance", "wrench")
    if backend.paused:
        return Pill("paused", "Paused", "pause-circle")
    return Pill("up", "Up", "check-circle")


def troubles_of(backends: Sequence[BackendStatus]) -> list[str]:
    """`TPP: not known`, for those of which something is wrong that nobody planned."""
    pills = [(backend.name, backend_pill(backend)) for backend in backends]
    return [f"{name}: {pill.word.lower()}" for name, pill in pills if pill.state == "missing"]


def _sentence(backend: BackendStatus, now: datetime) -> str:
    if backend.unknown:
        since = when(backend.unknown_since, now)
        what = TROUBLES.get(backend.unknown, TROUBLES["controller_unclear"]).sentence
        return f"{what.rstrip('.')}{f', since {since.exact}' if since else ''}. {KEPT}"
    if backend.missing:
        seen = when(backend.last_seen_at, now)
        return f"Nothing was heard of it since {seen.exact if seen else 'ever'}. Jobs wait until it is back."
    if backend.in_maintenance:
        since = when(backend.maintenance_since, now)
        began = since.text if since else "some time ago"
        return f"Maintenance of its database began {began}. Jobs that need it wait."
    if backend.paused:
        since = when(backend.paused_since, now)
        return f"Paused {since.text if since else ''}. Jobs are kept and wait."
    return "Takes and runs jobs."


def backend_card(backend: BackendStatus, now: datetime) -> BackendCard:
    hours = backend.finished_last_day
    most = max(hours, default=0) or 1
    chart = [
        HourBar(i * 9, 32 - round(30 * count / most), round(30 * count / most))
        for i, count in enumerate(hours)
    ]
    total = backend.pending + backend.running
    return BackendCard(
        slug=backend.slug,
        name=backend.name,
        pill=backend_pill(backend),
        sentence=_sentence(backend, now),
        last_seen=when(backend.last_seen_at, now),
        pending=backend.pending,
        running=backend.running,
        load=f"{plural(total, 'job')} waiting or running" if total else "No jobs waiting or running",
        chart=chart,
        chart_label=f"{plural(sum(hours), 'request')} finished in the last 24 hours",
    )


def backend_cards(backends: Sequence[BackendStatus], now: datetime) -> list[BackendCard]:
    return [backend_card(backend, now) for backend in backends]
