"""The words of every message (N11 to N27)."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import notifications
import pytest
from clients.identity import Contact
from contracts.jobs import FinishedJob, JobRequestFinished
from contracts.roles import ROLES
from contracts.statement import Claims, Statement
from kit.errors import NotFound
from kit.identity import Actor
from notifications import policies
from notifications.actions import runs
from notifications.actions.airlock import STEPS, update_lines
from notifications.models import Delivery
from notifications.render import OnGitHub, for_github, for_slack, render_mail, slack_text

BASE = "https://jobs.example.org/"
TEMPLATES = sorted(
    folder.parent.name for folder in Path(notifications.__file__).parent.glob("templates/*/body.txt")
)
RELEASE: dict[str, Any] = {"request": "01R", "workspace": "ws", "project": "proj", "lines": ["2 files"]}
CONTEXTS: dict[str, dict[str, Any]] = {
    "login_token_issued": {},
    "login_token_used": {},
    "request_finished": {
        "request_id": 7,
        "workspace": "ws",
        "backend": "tpp",
        "status": "failed",
        "status_message": "Why",
        "jobs": [{"action": "a", "word": "Failed", "status_message": "Boom", "seconds": 3}],
    },
    **dict.fromkeys(
        ("release_approved", "release_rejected", "release_released", "release_returned"), RELEASE
    ),
}


def job(action: str = "report", status: str = "succeeded", **more: Any) -> FinishedJob:
    return FinishedJob(identifier=uuid4().hex, action=action, status=status, **more)


def finished(*jobs: FinishedJob, status: str = "succeeded", **more: Any) -> JobRequestFinished:
    return JobRequestFinished(
        job_request_id=7,
        workspace="ws",
        project_id=1,
        backend="tpp",
        created_by_id=1,
        status=status,
        jobs=list(jobs),
        **more,
    )


def mail(template: str, context: dict[str, Any], name: str = "Rosa Marsh") -> tuple[str, str]:
    """As text, and as HTML."""
    to = Contact(user_id=1, username="rosa", fullname=name, email="rosa@example.org")
    delivery = Delivery(template=template, subject="The subject", context=context)
    return render_mail(delivery, to, BASE)


def run_mail(event: JobRequestFinished) -> tuple[str, str]:
    row = runs._mail(event)
    return mail(row["template"], row["context"])


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


def tags(html: str) -> list[str]:
    parser = Tags()
    parser.feed(html)
    return parser.seen


@pytest.mark.parametrize(
    ("jobs", "status", "subject"),
    [
        ([job()], "succeeded", "succeeded: [os ws] report"),
        ([job(status="failed")], "failed", "failed: [os ws] report"),
        ([job("a"), job("b")], "succeeded", "succeeded: [os ws] 2 actions"),
        (
            [job("a"), job("b", "failed"), job("c", "failed")],
            "failed",
            "failed: [os ws] 2 failed, 1 succeeded",
        ),
        (
            [job("a", "failed"), *(job(x, "failed", status_code="dependency_failed") for x in "bcd")],
            "failed",
            "failed: [os ws] 1 failed, 3 were not run",
        ),
        (
            [
                *(job(x) for x in "abcde"),
                job("f", "failed", status_code="cancelled_by_user"),
                job("g", "failed", status_code="dependency_failed"),
            ],
            "cancelled",
            "cancelled: [os ws] 1 cancelled, 1 was not run, 5 succeeded",
        ),
        ([], "failed", "failed: [os ws] could not be started"),
        ([], "cancelled", "cancelled: [os ws] stopped before it began"),
    ],
)
def test_the_subject_says_how_it_ended_and_of_what(
    jobs: list[FinishedJob], status: str, subject: str
) -> None:
    assert runs.subject(finished(*jobs, status=status)) == subject


def test_a_finished_run_lists_every_action_with_its_result() -> None:
    """Case 15: action, status, message, elapsed seconds, absolute URL."""
    jobs = [
        job("generate", status_code="succeeded", status_message="Done", seconds=0),
        job("model", "failed", status_code="nonzero_exit", status_message="Boom", seconds=61),
        job("plot", "failed", status_code="dependency_failed"),
        job("table", "failed", status_code="cancelled_by_user"),
    ]
    text, html = run_mail(finished(*jobs, status="failed"))
    assert [line for line in text.splitlines() if line[:2] in {"* ", "  "}] == [
        "* model: Failed after 61 s",
        "  Boom",
        "* table: Cancelled",
        "* plot: Blocked",
        "* generate: Succeeded after 0 s",
        "  Done",
    ], "failures first"
    assert "1 failed, 1 cancelled, 1 was not run, 1 succeeded." in text
    assert "has ended: failed." in text
    assert "https://jobs.example.org/job-requests/7/" in text
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in html.replace("\n", "").split("<tr>")[2:]]
    assert rows == [
        ["<code>model</code>", "Failed<br>Boom", "61"],
        ["<code>table</code>", "Cancelled", ""],
        ["<code>plot</code>", "Blocked", ""],
        ["<code>generate</code>", "Succeeded<br>Done", "0"],
    ]
    assert 'href="https://jobs.example.org/job-requests/7/"' in html


def test_a_run_that_never_had_jobs_says_why() -> None:
    for body in run_mail(finished(status="failed", status_message="The repository has no project.yaml")):
        assert "The repository has no project.yaml" in body
        assert "Action" not in body


def test_every_template_is_looked_at_here() -> None:
    assert sorted(CONTEXTS) == TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail_greets_says_who_writes_and_why(template: str) -> None:
    for body in mail(template, CONTEXTS[template]):
        plain = unescape(body)
        assert "Dear Rosa Marsh," in plain
        assert "The OpenSAFELY Team" in plain
        assert "team@opensafely.org" in plain
        assert "You get this because" in plain
        assert "{" not in plain.partition("<body")[2]
        assert "None" not in plain


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_forms_of_a_mail_have_the_same_links(template: str) -> None:
    text, html = mail(template, CONTEXTS[template])
    links = [link for link in re.findall(r'href="([^"]+)"', html) if not link.startswith("mailto:")]
    assert sorted(links) == sorted(re.findall(r"https://\S+", text))


def hostile(value: Any) -> Any:
    if isinstance(value, list):
        return [hostile(item) for item in value]
    if isinstance(value, dict):
        return {key: hostile(item) for key, item in value.items()}
    return "\"><script>alert(1)</script>'&" if isinstance(value, str) else value


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_word_of_anybody_becomes_html(template: str) -> None:
    good = mail(template, CONTEXTS[template])[1]
    bad = mail(template, hostile(CONTEXTS[template]), name=hostile("name"))[1]
    assert "<script" not in bad
    assert tags(bad) == tags(good)


@pytest.mark.parametrize("template", ["release_approved", "release_released"])
def test_the_link_to_a_release_stays_a_link_to_this_site(template: str) -> None:
    for body in mail(template, RELEASE | {"request": "01 ?x=1#/ @evil.example"}):
        links = re.findall(r'https://[^\s"<]+', body)
        assert "https://jobs.example.org/proj/ws/releases/01%20%3Fx%3D1%23/%20%40evil.example/" in links


@pytest.mark.parametrize(
    ("update", "line"),
    [
        ({"update": "2 files will be uploaded"}, "2 files will be uploaded"),
        ({"update": "changed", "group": "g"}, "changed (filegroup g)"),
        ({"update": "changed", "user": "u"}, "changed by user u"),
        ({"update": "changed", "group": "g", "user": "u"}, "changed (filegroup g) by user u"),
        ({"update_type": "added"}, "added"),
        ({"update_type": "added", "update": "changed"}, "added"),
        ({"group": "g"}, "updated (filegroup g)"),
        ({"update": "two\nlines", "user": " u\r\n"}, "two lines by user u"),
        ({"update": 3, "group": ["g"]}, "3 (filegroup ['g'])"),
    ],
)
def test_an_update_is_one_line(update: dict[str, Any], line: str) -> None:
    """Case 8; where the reference printed `None`, ours says `updated`."""
    assert update_lines("request returned", "otis", [update]) == ["request returned by user otis", line]


def test_each_review_has_a_phrase_of_its_own() -> None:
    """Those who check could not tell the first from the second (N16)."""
    assert len({step.phrase for step in STEPS.values()}) == len(STEPS) == 9


def on_slack(url: str | None = None, error: str | None = None) -> str:
    context = {"title": "ws 01R", "lines": ["request returned by user otis", "2 files"]}
    return slack_text(
        Delivery(template="request_updated", context=context), BASE, OnGitHub(url=url, error=error)
    )


def test_slack_links_to_the_comment() -> None:
    assert on_slack(url="https://github.com/o/r/issues/1#c") == (
        "<https://github.com/o/r/issues/1#c|ws 01R has been updated>\n"
        "- request returned by user otis\n"
        "- 2 files"
    )


def test_slack_tells_of_a_failure_on_github() -> None:
    said = on_slack(error="GitHub refused: <no>")
    assert said.startswith("ws 01R has been updated\n")
    assert said.endswith("\nA GitHub error occurred: GitHub refused: &lt;no&gt;")


def test_slack_is_told_of_new_people() -> None:
    delivery = Delivery(template="user_registered", context={"username": "rosa"})
    assert slack_text(delivery, BASE, OnGitHub()) == (
        "New user (rosa) registered: <https://jobs.example.org/staff/users/rosa/|rosa>"
    )


def test_words_for_slack_call_nobody() -> None:
    assert for_slack("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


def test_words_for_github_are_no_links_and_no_html() -> None:
    assert for_github("a_b [x](y) <img> \\") == "a_b \\[x\\](y) \\<img> \\\\"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_the_staff_area_sees_deliveries(role: str) -> None:
    user = Claims(user_id=1, username="ada", name="Ada", roles=[role])
    actor = Actor(Statement(iss="gateway", exp=0, kind="session", user=user))
    if "staff_area_access" in ROLES[role].permissions:
        policies.check_staff(actor)
    else:
        with pytest.raises(NotFound):
            policies.check_staff(actor)
