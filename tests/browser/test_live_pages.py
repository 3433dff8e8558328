"""Live pages: they say when they are not, take no focus and close nothing."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sandbox.airlock_demo import Airlock, listed, new_request_id
from testkit.line import line_to
from testkit.stack import Stack

from .conftest import WORKSPACE, make_page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]  # one system for all of them


def ask_for_one_more(page: Page, stack: Stack) -> None:
    """A request beside the page, so that there is news for what shows the workspace, runs or backends."""
    address = f"{stack.url}{WORKSPACE}run-jobs/"
    form = page.request.get(address).text()
    fields = dict(re.findall(r'name="(csrf|sha|key)" value="([^"]*)"', form))
    fields |= {"backend": "tpp", "requested_actions": "generate_dataset_adults", "will_notify": "no"}
    assert page.request.post(address, form=fields).ok


def test_a_list_under_ones_hand_stays_where_it_is(page: Page, stack: Stack, browser: Browser) -> None:
    """Rows change in place; a new one is announced, and shown when it is asked for."""
    ask_for_one_more(page, stack)  # a list without any rows shows the first at once
    page.goto(f"{stack.url}/event-log/")
    page.wait_for_selector("body[data-listening=yes]")
    before = page.locator("tr[data-key]").first.get_attribute("data-key")
    elsewhere = browser.new_context(storage_state=page.context.storage_state())
    other = elsewhere.new_page()
    other.goto(f"{stack.url}{WORKSPACE}run-jobs/")
    other.locator("tr[data-action=measures_monthly] input[type=checkbox]").check()
    other.get_by_label("TPP").check()
    other.locator("#run-submit").click()
    other.wait_for_url(re.compile(r"/\d+/$"))
    new = other.url.rstrip("/").split("/")[-1]
    elsewhere.close()
    show = page.get_by_role("button", name="Show 1 new run")
    show.wait_for()
    assert page.locator("tr[data-key]").first.get_attribute("data-key") == before
    show.click()
    row = page.locator(f"tr[data-key='{new}']")
    expect(row).to_be_visible()
    expect(row.locator("[data-state]").first).to_have_attribute("data-state", "succeeded", timeout=20_000)
    assert page.locator(".news").count() == 0


def slow_run(page: Page, stack: Stack) -> None:
    """The page of a request whose jobs change every few seconds."""
    httpx.post(f"{stack.sandbox}/control/speed", json={"seconds_per_job": 1.5}).raise_for_status()
    page.goto(f"{stack.url}{WORKSPACE}run-jobs/")
    page.locator("tr[data-action=report] input[type=checkbox]").check()
    page.get_by_label("TPP").check()
    page.get_by_label("Run dependencies again").check()
    page.locator("#run-submit").click()
    page.wait_for_url(re.compile(r"/\d+/$"))
    expect(page.locator("tr[id^=job-]").first).to_be_visible(timeout=15_000)


def test_a_live_update_takes_no_focus_and_closes_nothing(page: Page, stack: Stack) -> None:
    slow_run(page, stack)
    cancel = page.locator("tr[id^=job-]", has_text="report").get_by_role("link", name="Cancel report")
    cancel.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Cancel report?")
    keep = dialog.get_by_role("link", name="Keep it as it is")
    expect(keep).to_be_focused()
    before = page.title()
    page.wait_for_function("before => document.title !== before", arg=before, timeout=20_000)
    assert "Request" in page.title()
    expect(keep).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(cancel).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Cancel this job").click()
    page.wait_for_url(re.compile(r"#jobs$"))
    expect(page.locator("tr[id^=job-]", has_text="report")).to_contain_text("Cancelled", timeout=20_000)
    expect(page.locator("h1 + .pill")).to_have_attribute("data-state", "cancelled", timeout=40_000)
    assert page.title().startswith("Cancelled")


def test_no_live_page_takes_the_focus_or_closes_what_is_open(page: Page, stack: Stack) -> None:
    """Each of them, while a request of its workspace runs."""
    slow_run(page, stack)
    request = page.url
    job = page.locator("tr[id^=job-]", has_text="report").locator("a").first.get_attribute("href")
    airlock, release = Airlock(stack.url, stack.demo["backend"]["token"]), new_request_id()
    content = b"a,b\n1,2\n"
    files, metadata = [listed("output/a.csv", content, release)], {"tool": "airlock", "airlock_id": release}
    created, *_ = airlock.call(
        "releases/workspace/demo-workspace", actor="otis", files=files, metadata=metadata, review=None
    )
    sent, *_ = airlock.call(f"releases/release/{release}", actor="otis", body=content, name="output/a.csv")
    assert (created, sent) == (201, 201)
    running = [request.removeprefix(stack.url), str(job)]
    places = ["/", "/event-log/", "/status/", WORKSPACE, f"{WORKSPACE}logs/", f"{WORKSPACE}releases/"]
    places.append(f"{WORKSPACE}releases/{release}/")
    for path in (*running, *places):
        answer = page.goto(stack.url + path)
        assert answer is not None
        assert answer.status == 200, path
        page.wait_for_selector("body[data-listening]")
        page.evaluate(
            """() => {
              const here = "[data-src] a, [data-src] summary, [data-src] button, [data-src] [tabindex]";
              document.querySelectorAll("[data-src] details").forEach((one) => { one.open = true; });
              window.opened = [...document.querySelectorAll("[data-src] details[open]")];
              window.held = document.querySelector(here) || document.querySelector("#main");
              window.held.focus();
            }"""
        )
        with page.expect_response(lambda answer: "/fragments/" in answer.url, timeout=20_000):
            if path in places:
                ask_for_one_more(page, stack)
        page.wait_for_timeout(300)
        kept = "window.held === document.activeElement"
        moved = (
            "!window.held.isConnected && document.activeElement.matches('[data-src], [data-src] *, #main')"
        )
        assert page.evaluate(f"({kept}) || ({moved})"), path
        assert page.evaluate("window.opened.every((one) => one.open || !one.isConnected)"), path
    httpx.post(f"{stack.sandbox}/control/speed", json={"seconds_per_job": 0.2}).raise_for_status()
    page.goto(request)  # the controller does not run an action twice at once, and other tests need this one
    expect(page.locator("h1 + .pill")).to_have_attribute("data-state", "succeeded", timeout=60_000)


LIVE = "[data-liveness]"
STREAM, PARTS = "**/live?*", "**/fragments/**"


@pytest.fixture
def cut_off(browser: Browser, rosas_cookies: object) -> Iterator[Page]:
    """A page that may complain in its console of what does not come."""
    context, page, _ = make_page(browser, rosas_cookies)
    page.clock.install()  # so that half a minute is over at once where a test says so
    yield page
    context.close()


def newest(page: Page) -> str | None:
    return page.locator("tr[data-key]").first.get_attribute("data-key")


def shows_one_more(page: Page, before: str | None) -> None:
    """News that came while the page was cut off is there without being loaded again."""
    assert page.evaluate("window.neverReloaded")
    page.get_by_role("button", name="Show 1 new run").click()
    assert newest(page) != before


def open_runs(page: Page, url: str, stack: Stack, says: str = "Live") -> str | None:
    """The list of runs, and the newest of them."""
    ask_for_one_more(page, stack)  # a list without any rows shows the first at once
    page.goto(f"{url}/event-log/")
    expect(page.locator(LIVE)).to_contain_text(says)
    page.evaluate("window.neverReloaded = true")
    return newest(page)


def test_a_line_that_goes_silent_is_noticed_and_tried_again(cut_off: Page, stack: Stack) -> None:
    with line_to(int(stack.url.rsplit(":", 1)[1])) as line:
        before = open_runs(cut_off, f"http://127.0.0.1:{line.port}", stack)
        line.cut()
        cut_off.clock.fast_forward(20_000)
        expect(cut_off.locator(LIVE)).to_have_text("Live")
        ask_for_one_more(cut_off, stack)
        cut_off.clock.fast_forward(15_000)
        expect(cut_off.locator(LIVE)).to_contain_text("Not live since 3")
        cut_off.clock.fast_forward(40_000)  # a new try hangs, too, and is given up
        expect(cut_off.locator(LIVE)).to_contain_text("Not live since 7")
        line.mend()
        for _ in range(12):  # a browser first tries again on connections that it does not know to be dead
            cut_off.clock.fast_forward(31_000)
            cut_off.wait_for_timeout(500)
            if cut_off.locator(LIVE).inner_text() == "Live":
                break
        expect(cut_off.locator(LIVE)).to_have_text("Live")
        shows_one_more(cut_off, before)


def test_a_part_that_hangs_is_given_up_and_asked_for_again(cut_off: Page, stack: Stack) -> None:
    before = open_runs(cut_off, stack.url, stack)
    cut_off.route(PARTS, lambda route: None)  # never answered
    with cut_off.expect_request(PARTS):
        ask_for_one_more(cut_off, stack)
    cut_off.clock.fast_forward(11_000)
    expect(cut_off.locator(LIVE)).to_contain_text("Not live since")
    cut_off.unroute(PARTS)
    expect(cut_off.locator(LIVE)).to_have_text("Live", timeout=15_000)
    shows_one_more(cut_off, before)


def test_a_part_answered_503_is_still_owed(cut_off: Page, stack: Stack) -> None:
    before = open_runs(cut_off, stack.url, stack)
    cut_off.route(PARTS, lambda route: route.fulfill(status=503))
    ask_for_one_more(cut_off, stack)
    expect(cut_off.locator(LIVE)).to_contain_text("Not live since")
    cut_off.unroute(PARTS)
    expect(cut_off.locator(LIVE)).to_have_text("Live", timeout=15_000)
    shows_one_more(cut_off, before)


def test_a_part_that_is_refused_for_ever_holds_up_no_other(cut_off: Page, stack: Stack) -> None:
    cut_off.route("**/fragments/jobs/", lambda route: route.fulfill(status=404))
    cut_off.goto(f"{stack.url}{WORKSPACE}")
    expect(cut_off.locator("body[data-listening=yes]")).to_be_attached()
    for _ in range(2):
        with cut_off.expect_response("**/fragments/releases/") as answer:
            ask_for_one_more(cut_off, stack)
        assert answer.value.ok


def test_a_stream_answered_503_is_tried_again(cut_off: Page, stack: Stack) -> None:
    """A browser itself gives it up for good."""
    cut_off.route(STREAM, lambda route: route.fulfill(status=503))
    before = open_runs(cut_off, stack.url, stack, says="Not live since")
    ask_for_one_more(cut_off, stack)
    cut_off.unroute(STREAM)
    expect(cut_off.locator(LIVE)).to_have_text("Live", timeout=15_000)
    shows_one_more(cut_off, before)


def test_live_is_said_only_while_it_is_true(browser: Browser, rosas_cookies: object, stack: Stack) -> None:
    context, page, _ = make_page(browser, rosas_cookies)  # it complains of what is cut off here
    slow_run(page, stack)
    live = page.locator("[data-liveness]")
    expect(live).to_have_text("Live")
    page.route("**/live?*", lambda route: route.abort())
    page.reload()
    expect(live).to_contain_text("Not live since", timeout=15_000)
    page.unroute("**/live?*")
    expect(live).to_have_text("Live", timeout=40_000)
    context.close()
