"""The neighbours, each by its typed client; every call carries the statement of the current caller."""

from contextvars import ContextVar

from clients.identity import IdentityClient
from clients.jobs import JobsClient
from clients.notifications import NotificationsClient
from clients.projects import ProjectsClient
from clients.releases import ReleasesClient
from kit.http import Client
from kit.identity import Signer

from gateway.settings import Settings

# The signed statement of whoever the current task works for.
statement: ContextVar[str] = ContextVar("statement")


class Services:
    def __init__(self, settings: Settings, signer: Signer) -> None:
        self.http = {
            name: Client(name, getattr(settings, f"{name}_url"), statement.get, timeout=3)
            for name in ("identity", "projects", "jobs", "releases", "notifications")
        }
        self.identity = IdentityClient(self.http["identity"])
        self.projects = ProjectsClient(self.http["projects"])
        self.jobs = JobsClient(self.http["jobs"])
        self.releases = ReleasesClient(self.http["releases"])
        self.notifications = NotificationsClient(self.http["notifications"])
        # In the gateway's own name: only these may turn credentials into people.
        self._own = Client("identity", settings.identity_url, signer.service, timeout=3)
        self.credentials = IdentityClient(self._own)

    async def close(self) -> None:
        for client in (*self.http.values(), self._own):
            await client.close()
