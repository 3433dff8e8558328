"""A person with a browser that knows no JavaScript, and what stands in the sandbox afterwards."""

import re
import time
from typing import Any, Protocol, Self, TypeVar

import httpx

from testkit.waiting import until

WORKSPACE = "/demo-project/demo-workspace/"
T = TypeVar("T")


class Running(Protocol):
    """A system that is up, on this machine or in containers."""

    @property
    def url(self) -> str: ...

    @property
    def sandbox(self) -> str: ...


class Visitor:
    def __init__(self, stack: Running) -> None:
        self.stack = stack
        self.web = httpx.Client(base_url=stack.url, follow_redirects=True, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.web.close()

    def log_in(self, name: str) -> None:
        """GitHub's `login` parameter approves at once."""
        start = self.web.post("/login/github/", data={"next": WORKSPACE}, follow_redirects=False)
        assert start.status_code in {302, 303}, start.text
        back = self.web.get(start.headers["location"] + f"&login={name}")
        assert back.status_code == 200, back.text
        assert back.url.path == WORKSPACE

    def hidden(self, page: httpx.Response, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
        assert found, f"no field {name} on {page.url}"
        return found[1]

    def run(self, *actions: str, backend: str = "tpp", **more: str) -> str:
        """The path of the new request's page."""
        page = self.web.get(f"{WORKSPACE}run-jobs/")
        assert page.status_code == 200, page.text
        fields: dict[str, Any] = {name: self.hidden(page, name) for name in ("csrf", "sha", "key")}
        fields |= {"backend": backend, "requested_actions": list(actions), "will_notify": "yes", **more}
        answer = self.web.post(f"{WORKSPACE}run-jobs/", data=fields)
        assert answer.status_code == 200, answer.text
        assert re.fullmatch(rf"{WORKSPACE}\d+/", answer.url.path), answer.url
        return answer.url.path

    def state(self, path: str) -> str:
        """What the pill beside the title says."""
        page = self.web.get(path)
        found = re.search(r'</h1>\s*<span class="pill" data-state="(\w+)"', page.text)
        return found[1] if found else f"{page.status_code}"

    def wait_for(self, path: str, state: str, within: float = 60.0) -> None:
        def is_it() -> bool:
            try:
                return self.state(path) == state
            except httpx.TransportError:  # a gateway that was just killed
                return False

        until(is_it, within)

    def control(self, path: str, body: dict[str, Any]) -> None:
        httpx.post(f"{self.stack.sandbox}/control/{path}", json=body).raise_for_status()

    def received(self) -> dict[str, list[dict[str, Any]]]:
        """Everything the outside world was sent."""
        found: dict[str, list[dict[str, Any]]] = httpx.get(f"{self.stack.sandbox}/control/state").json()
        return found

    def has_one_mail(self, path: str, within: float = 30.0, quiet: float = 0.5) -> None:
        """Raises AssertionError unless one comes `within` seconds, and none in the `quiet` ones after it."""
        until(lambda: self.mails_about(path), within)
        time.sleep(quiet)  # a second one would have been sent by now
        assert len({mail["message_id"] for mail in self.mails_about(path)}) == 1

    def mails_about(self, path: str) -> list[dict[str, Any]]:
        """Mails whose text links to this request."""
        link = f"/job-requests/{path.strip('/').split('/')[-1]}/"
        mails = httpx.get(f"{self.stack.sandbox}/mailbox/api/messages").json()
        return [mail for mail in mails if link in mail["text"]]
