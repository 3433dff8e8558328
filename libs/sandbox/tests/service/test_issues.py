from typing import Any

import pytest

from .conftest import Outside

REPO = "/github/api/repos/ebmdatalab/opensafely-output-review"


async def open_issue(outside: Outside, title: str = "One", **more: Any) -> dict[str, Any]:
    answer = await outside.http.post(f"{REPO}/issues", json={"title": title, **more})
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()
    return made


async def test_the_checkers_repository_has_its_labels(outside: Outside) -> None:
    labels = {label["name"] for label in (await outside.http.get(f"{REPO}/labels")).json()}
    assert {"internal", "external", "Pending review"} <= labels


async def test_issues_are_numbered_within_their_repository(outside: Outside) -> None:
    first, second = await open_issue(outside), await open_issue(outside, "Two", labels=["internal"])
    other = await outside.http.post("/github/api/repos/o/r/issues", json={"title": "Elsewhere"})
    assert (first["number"], second["number"], other.json()["number"]) == (1, 2, 1)
    assert second["html_url"].endswith("/ebmdatalab/opensafely-output-review/issues/2")
    assert second["labels"] == [{"name": "internal"}]


async def test_an_issue_is_found_by_its_title_in_its_repository(outside: Outside) -> None:
    made = await open_issue(outside, "ws 01ABC")
    query = "01ABC in:title repo:ebmdatalab/opensafely-output-review is:issue"
    found = (await outside.http.get("/github/api/search/issues", params={"q": query})).json()
    assert [item["number"] for item in found["items"]] == [made["number"]]
    query = "01ABC in:title repo:other/repo"
    assert (await outside.http.get("/github/api/search/issues", params={"q": query})).json()["items"] == []


async def test_an_issue_is_labelled_commented_and_closed(outside: Outside) -> None:
    number = (await open_issue(outside))["number"]
    issue = f"{REPO}/issues/{number}"
    commented = await outside.http.post(f"{issue}/comments", json={"body": "Please <b>look</b>"})
    assert commented.status_code == 201
    assert commented.json()["html_url"].startswith("https://github.com/ebmdatalab/")
    edited = await outside.http.patch(issue, json={"labels": ["Under review"], "state": "closed"})
    assert (edited.json()["state"], edited.json()["labels"]) == ("closed", [{"name": "Under review"}])
    assert (await outside.http.get(f"{issue}/labels")).json() == [{"name": "Under review"}]
    comments = (await outside.http.get(f"{issue}/comments")).json()
    assert [comment["body"] for comment in comments] == ["Please <b>look</b>"]


async def test_people_read_issues_on_a_page_and_nothing_in_them_is_markup(outside: Outside) -> None:
    made = await open_issue(outside, "<script>alert(1)</script>", body="<img src=x>")
    await outside.http.post(f"{REPO}/issues/{made['number']}/comments", json={"body": "<b>bold</b>"})
    listed = await outside.http.get("/github/issues")
    page = await outside.http.get(f"/github/issues/{made['id']}")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in listed.text
    assert "&lt;img src=x&gt;" in page.text
    assert "<b>bold" not in page.text
    assert (await outside.http.get("/github/issues/999")).status_code == 404


async def test_an_issue_without_a_title_is_refused_as_at_github(outside: Outside) -> None:
    answer = await outside.http.post(f"{REPO}/issues", json={"body": "no title"})
    assert answer.status_code == 422


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_comments_on_no_issue_are_not_found(outside: Outside, method: str) -> None:
    answer = await outside.http.request(method, f"{REPO}/issues/77/comments", json={"body": "x"})
    assert answer.status_code == 404
    assert (await outside.http.patch(f"{REPO}/issues/77", json={"state": "closed"})).status_code == 404


async def test_a_lost_answer_leaves_the_issue_behind(outside: Outside) -> None:
    await outside.control("faults/github_issues_after", {"kind": "500"})
    assert (await outside.http.post(f"{REPO}/issues", json={"title": "One"})).status_code == 500
    assert [issue["title"] for issue in (await outside.state())["issues"]] == ["One"]
