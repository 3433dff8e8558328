"""A form of every kind of field, filled in as people do it, with scripts and without."""

import re

import pytest
from playwright.sync_api import Browser, expect
from testkit.stack import Stack

from .conftest import violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]  # one system for all of them


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_form_is_filled_in_and_nothing_of_it_is_lost(
    browser: Browser, rosas_cookies: object, stack: Stack, scripts: bool
) -> None:
    context = browser.new_context(storage_state=rosas_cookies, java_script_enabled=scripts)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{stack.url}/ui-components")
    form = page.locator("form[action='/ui-components']")
    form.get_by_label("Lead").fill("Rosa Marsh")
    form.get_by_role("button", name="Add another").click()
    second = form.get_by_role("group", name="Colleagues, 2")
    second.get_by_label("Name").fill("Ada")
    page.keyboard.press("Enter")  # sends it, and takes no row away
    expect(page.locator("#errors")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(form.get_by_label("Lead")).to_have_value("Rosa Marsh")
    expect(second.get_by_label("Name")).to_have_value("Ada")
    page.get_by_role("link", name="Choose one.").click()
    expect(page).to_have_url(re.compile("#organisation$"))
    form.get_by_label("Organisation").select_option("LSHTM")
    form.get_by_label("I have read the terms").check()
    if scripts:
        assert violations(page) == []
    form.get_by_role("button", name="Send", exact=True).last.click()
    page.get_by_role("link", name="This is who asks.").click()
    expect(page).to_have_url(re.compile("#colleagues-1-name$"))
    form.get_by_role("button", name="Remove 2").click()
    expect(second).to_have_count(0)
    form.get_by_role("button", name="Send", exact=True).last.click()
    expect(page.get_by_text("Everything fits.")).to_be_visible()
    context.close()
