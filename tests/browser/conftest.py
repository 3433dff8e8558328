"""A browser, and Rosa logged in; what complains on a page fails its test."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from testkit.browser import FLAGS, chromium
from testkit.stack import Stack

WORKSPACE = "/demo-project/demo-workspace/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def rosas_cookies(browser: Browser, stack: Stack) -> object:
    """Logged in by the buttons, as a person does it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{stack.url}/login/?next={WORKSPACE}")
    page.get_by_role("button", name="Log in with GitHub").click()
    page.get_by_role("button", name="Rosa Marsh").click()
    page.wait_for_url(f"{stack.url}{WORKSPACE}")
    state = context.storage_state()
    context.close()
    return state


def make_page(browser: Browser, state: object, **options: object) -> tuple[BrowserContext, Page, list[str]]:
    """A page, and what its console complains of."""
    context = browser.new_context(storage_state=state, **options)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return context, page, complaints


@pytest.fixture
def page(browser: Browser, rosas_cookies: object) -> Iterator[Page]:
    context, page, complaints = make_page(browser, rosas_cookies)
    yield page
    context.close()
    assert not complaints


def violations(page: Page, *rules: str) -> list[str]:
    """Of all rules of accessibility, or of those named."""
    options = (
        {"runOnly": {"type": "rule", "values": list(rules)}}
        if rules
        else {"rules": {"target-size": {"enabled": True}}}
    )
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]
