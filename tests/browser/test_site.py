"""The site in a real browser: the main job without reloading, and every page for those who cannot see it."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sandbox.airlock_demo import Airlock, listed, new_request_id
from testkit.stack import Stack

from .conftest import WORKSPACE, make_page, violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]  # one system for all of them

PAGES = (
    *("/", "/projects/", "/workspaces/", "/event-log/", "/status/", "/settings/", "/ui-components"),
    "/ui-components/confirmation/",
    *("/login/", "/nowhere/", "/search/?q=demo", "/users/rosa/", "/demo-project/"),
    *("/bp-after-discharge/", "/event-log/?q=report", "/search/?q=report"),
    *(f"{WORKSPACE}{part}" for part in ("", "logs/", "run-jobs/", "releases/", "1/")),
)


def test_a_run_is_watched_to_its_end_without_reloading(page: Page, stack: Stack) -> None:
    httpx.post(f"{stack.sandbox}/control/speed", json={"seconds_per_job": 0.7}).raise_for_status()
    page.goto(stack.url + WORKSPACE)
    page.get_by_role("link", name="Run jobs").first.click()
    page.locator("tr[data-action=report] input[type=checkbox]").check()
    page.get_by_label("TPP").check()
    expect(page.locator("#run-summary")).to_contain_text("1 action")
    page.locator("#run-submit").click()
    page.wait_for_url(re.compile(r"/\d+/$"))
    page.evaluate("window.neverReloaded = true")
    request = page.url.rstrip("/").split("/")[-1]
    expect(page.locator("h1 + .pill")).to_have_attribute("data-state", "succeeded", timeout=40_000)
    assert page.evaluate("window.neverReloaded")
    expect(page.locator(".live")).to_have_count(0)
    # Every live part tells the same story.
    expect(page.locator("[data-live] .pill[data-state=running]")).to_have_count(0)
    expect(page.get_by_text("Add the sensitivity analysis and the report")).to_be_visible()
    finished = page.url
    page.get_by_role("link", name="project.yaml").click()
    expect(page.locator("#L1")).to_contain_text("version")
    assert violations(page) == []
    page.goto(finished)
    assert violations(page) == []
    page.goto(f"{stack.sandbox}/mailbox")
    for _ in range(50):
        if page.get_by_text("demo-workspace").count():
            break
        page.wait_for_timeout(200)
        page.reload()
    page.get_by_role("link", name=re.compile("demo-workspace")).first.click()
    expect(page.locator("body")).to_contain_text(request)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_used_by_everybody(
    browser: Browser, rosas_cookies: object, stack: Stack, path: str
) -> None:
    """At a desk, on a tablet and on a phone, light and dark, with fingers and by a screen reader."""
    context, page, complaints = make_page(browser, rosas_cookies)
    page.goto(stack.url + path)
    for width in (1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"scrolls sideways at {width}"
        assert violations(page) == [], width
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == [], width
    context.close()
    assert [one for one in complaints if "404" not in one] == []


def test_a_mistake_in_a_form_has_the_focus_and_the_title(
    browser: Browser, rosas_cookies: object, stack: Stack
) -> None:
    context, page, _ = make_page(browser, rosas_cookies)  # it complains of each answer 400
    page.goto(f"{stack.url}{WORKSPACE}run-jobs/")
    page.get_by_label("TPP").check()
    page.locator("#run-submit").click()
    page.wait_for_load_state()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("#errors")).to_be_focused()
    expect(page.get_by_label("TPP")).to_be_checked()
    page.goto(f"{stack.url}/settings/")
    page.get_by_label("Full name").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator("#errors")).to_be_focused()
    page.locator("#errors a").click()
    expect(page.get_by_label("Full name")).to_be_focused()
    assert violations(page) == []
    context.close()


def test_the_site_works_without_scripts(browser: Browser, rosas_cookies: object, stack: Stack) -> None:
    context = browser.new_context(storage_state=rosas_cookies, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{stack.url}{WORKSPACE}run-jobs/")
    page.locator("tr[data-action=report] input[type=checkbox]").check()
    page.get_by_label("TPP").check()
    page.locator("#run-submit").click()
    page.wait_for_url(re.compile(r"/\d+/$"))
    assert page.locator("h1").inner_text().startswith("Request")
    context.close()


def test_the_header_jumps_to_what_is_named_exactly(page: Page, stack: Stack) -> None:
    page.goto(stack.url)
    page.keyboard.press("/")
    page.keyboard.type("demo-workspace")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{stack.url}{WORKSPACE}")


def released(stack: Stack, files: dict[str, bytes]) -> str:
    """The address of a release of these files."""
    airlock, request = Airlock(stack.url, stack.demo["backend"]["token"]), new_request_id()
    names = [listed(name, content, request) for name, content in files.items()]
    of = {"files": names, "metadata": {"airlock_id": request}, "review": None}
    assert airlock.call("releases/workspace/demo-workspace", actor="otis", **of)[0] == 201
    for name, content in files.items():
        assert airlock.call(f"releases/release/{request}", actor="otis", body=content, name=name)[0] == 201
    return f"{stack.url}{WORKSPACE}releases/{request}/"


def test_a_released_file_is_chosen_on_a_phone_and_by_keyboard(
    browser: Browser, rosas_cookies: object, stack: Stack
) -> None:
    long = f"output/{'a_long_name_' * 15}.txt"
    url = released(
        stack,
        {
            **{f"output/{number}.csv": b"a;b\n1;2\n" for number in range(40)},
            long: b"text\n" * 900,
            "output/report.html": b"<h1>Report</h1>",
            "output/wide.csv": b",".join(b"column%d" % n for n in range(80)) + b"\n",
        },
    )
    context, page, complaints = make_page(browser, rosas_cookies, viewport={"width": 360, "height": 800})
    for path in ("", "output/wide.csv", "output/report.html", long):
        page.goto(f"{url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, "it scrolls sideways on a phone"
        assert violations(page) == []
    page.goto(url)
    page.get_by_label("Find a file").fill("report")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("find=report"))
    assert page.locator(".tree a").count() == 1
    page.locator(".tree a").click()
    expect(page).to_have_title(re.compile(r"^report\.html · Release \d+ · demo-workspace"))
    expect(page.locator("h2#file")).to_be_focused()
    expect(page.locator("h2#file")).to_be_in_viewport()
    assert page.get_by_label("Find a file").input_value() == "report"
    context.close()
    assert complaints == []
