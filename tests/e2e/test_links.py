"""Whatever people are told leads to a page that exists."""

import re

import httpx
import pytest
from testkit.stack import Stack
from testkit.visitor import Visitor
from testkit.waiting import until

from .test_main_job import program

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]
_URL = re.compile(r"https?://[^\s<>\"')\]|]+")


def told(stack: Stack, visitor: Visitor) -> set[str]:
    """Every address of the site in mails, issues, their comments and Slack."""
    received = visitor.received()
    texts = [mail["text"] for mail in httpx.get(f"{stack.sandbox}/mailbox/api/messages").json()]
    texts += [issue["body"] for issue in received["issues"]]
    texts += [row["body"] for row in received["comments"]] + [row["text"] for row in received["slack"]]
    found = {url.rstrip(".,:;") for text in texts for url in _URL.findall(text)}
    return {url for url in found if url.startswith(stack.url)}


def test_every_link_that_is_sent_leads_to_a_page(stack: Stack, rosa: Visitor) -> None:
    rosa.control("actions/report", {"fail": True, "code": "nonzero_exit", "message": "It exited"})
    path = rosa.run("report", force_run_dependencies="yes")
    rosa.wait_for(path, "failed")
    until(lambda: rosa.mails_about(path))
    before = len(rosa.received()["slack"])
    assert program(stack, "sandbox.airlock_demo").returncode == 0
    until(lambda: [issue["state"] for issue in rosa.received()["issues"]][-1:] == ["closed"])
    until(lambda: len(rosa.received()["slack"]) > before)
    with Visitor(stack) as ada:
        ada.log_in("ada")
        links = told(stack, ada)
        answers = {url: ada.web.get(url).status_code for url in sorted(links)}
    rosa.control("actions/report", {})
    kinds = {httpx.URL(url).path.split("/")[1] for url in links}
    assert {"job-requests", "staff", "demo-project"} <= kinds, kinds
    assert set(answers.values()) == {200}, answers
