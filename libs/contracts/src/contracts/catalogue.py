"""Every published message, by service."""

from contracts import identity, jobs, notifications, projects, releases
from contracts.base import Event, State

SERVICES = ("identity", "projects", "jobs", "releases", "notifications")

FACTS: dict[str, type[Event]] = {
    fact.subject: fact
    for module in (identity, projects, jobs, releases, notifications)
    for fact in module.FACTS
}
STATES: dict[str, type[State]] = {
    state.thing: state
    for module in (identity, projects, jobs, releases, notifications)
    for state in module.STATES
}
