"""The site in a real browser: the main job without reloading, and every page for those who cannot see it."""

import re
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sandbox.airlock_demo import Airlock, listed, new_request_id
from testkit.browser import FLAGS, chromium
from testkit.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]  # one system for all of them

WORKSPACE = "/demo-project/demo-workspace/"
PAGES = (
    *("/", "/projects/", "/workspaces/", "/event-log/", "/status/", "/settings/", "/ui-components"),
    "/ui-components/confirmation/",
    *("/login/", "/nowhere/", "/search/?q=demo", "/users/rosa/", "/demo-project/"),
    *("/bp-after-discharge/", "/event-log/?q=report", "/search/?q=report"),
    *(f"{WORKSPACE}{part}" for part in ("", "logs/", "run-jobs/", "releases/", "1/")),
)


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


def test_what_cannot_be_undone_is_asked_in_a_dialog(
    browser: Browser, rosas_cookies: object, stack: Stack
) -> None:
    context, page, _ = make_page(
        browser, rosas_cookies
    )  # it complains of the answer 400 and of the lost fetch
    page.goto(f"{stack.url}/ui-components")
    link = page.get_by_role("link", name="Remove Ada")
    link.click()
    dialog = page.get_by_role("dialog", name="Remove Ada from the project?")
    reason = dialog.get_by_label("Reason")
    expect(reason).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(link).to_be_focused()
    link.click()
    dialog.get_by_role("link", name="Keep it as it is").click()
    expect(dialog).to_have_count(0)
    assert page.url == f"{stack.url}/ui-components"
    link.click()
    reason.fill(" " * 3)
    dialog.get_by_role("button", name="Remove Ada").click()
    expect(page.locator("#errors")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: Remove Ada"))
    assert violations(page) == []
    page.goto(f"{stack.url}/ui-components")
    page.route("**/confirmation/", lambda route: route.abort(), times=1)
    link.click()
    page.wait_for_url("**/ui-components/confirmation/")
    expect(page.get_by_role("heading", name="Remove Ada from the project?")).to_be_visible()
    context.close()


def test_what_cannot_be_undone_is_asked_on_a_page_without_scripts(
    browser: Browser, rosas_cookies: object, stack: Stack
) -> None:
    context = browser.new_context(storage_state=rosas_cookies, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{stack.url}/ui-components")
    page.get_by_role("link", name="Remove Ada").click()
    page.get_by_role("link", name="Keep it as it is").click()
    page.get_by_role("link", name="Remove Ada").click()
    page.get_by_label("Reason").fill("x" * 201)
    page.get_by_role("button", name="Remove Ada").click()
    expect(page.locator("#errors")).to_contain_text("Use at most 200 characters.")
    expect(page.get_by_label("Reason")).to_have_value("x" * 201)
    page.get_by_label("Reason").fill("She left.")
    page.get_by_role("button", name="Remove Ada").click()
    expect(page.locator("main")).to_contain_text("Confirmed.")
    context.close()


def test_the_header_jumps_to_what_is_named_exactly(page: Page, stack: Stack) -> None:
    page.goto(stack.url)
    page.keyboard.press("/")
    page.keyboard.type("demo-workspace")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{stack.url}{WORKSPACE}")


def test_a_list_under_ones_hand_stays_where_it_is(page: Page, stack: Stack, browser: Browser) -> None:
    """Rows change in place; a new one is announced, and shown when it is asked for."""
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


def ask_for_one_more(page: Page, stack: Stack) -> None:
    """A request beside the page, so that there is news for what shows the workspace, runs or backends."""
    address = f"{stack.url}{WORKSPACE}run-jobs/"
    form = page.request.get(address).text()
    fields = dict(re.findall(r'name="(csrf|sha|key)" value="([^"]*)"', form))
    fields |= {"backend": "tpp", "requested_actions": "generate_dataset_adults", "will_notify": "no"}
    assert page.request.post(address, form=fields).ok


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
