"""What cannot be undone is asked first: in a dialog, or on a page where no scripts run."""

import re

import pytest
from playwright.sync_api import Browser, expect
from testkit.stack import Stack

from .conftest import make_page, violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]  # one system for all of them


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
