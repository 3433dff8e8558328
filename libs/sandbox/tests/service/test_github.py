import base64
import hashlib
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from .conftest import Outside

CALLBACK = "http://jobs.test/complete/github/"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
JSON = {"Accept": "application/json"}


async def authorize(outside: Outside, **query: str) -> httpx.Response:
    wanted = {"redirect_uri": CALLBACK, "state": "s1", "code_challenge": CHALLENGE} | query
    return await outside.http.get("/github/login/oauth/authorize", params=wanted)


async def code_for(outside: Outside, login: str, **query: str) -> str:
    answer = await authorize(outside, login=login, **query)
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def exchange(outside: Outside, code: str, verifier: str = VERIFIER) -> dict[str, str]:
    answer = await outside.http.post(
        "/github/login/oauth/access_token", data={"code": code, "code_verifier": verifier}, headers=JSON
    )
    found: dict[str, str] = answer.json()
    return found


async def test_the_authorize_page_offers_people_and_keeps_what_was_asked(outside: Outside) -> None:
    page = await authorize(outside, scope="user:email")
    assert page.status_code == 200
    assert "Rosa Marsh" in page.text
    assert f'name="code_challenge" value="{CHALLENGE}"' in page.text


async def test_an_approved_login_goes_back_with_code_and_state(outside: Outside) -> None:
    answer = await authorize(outside, login="rosa")
    where = urlsplit(answer.headers["location"])
    assert answer.headers["location"].startswith(CALLBACK)
    assert parse_qs(where.query)["state"] == ["s1"]


async def test_a_login_with_pkce_ends_in_the_persons_own_data(outside: Outside) -> None:
    token = (await exchange(outside, await code_for(outside, "rosa")))["access_token"]
    who = {"Authorization": f"Bearer {token}"}
    user = (await outside.http.get("/github/api/user", headers=who)).json()
    assert (user["login"], user["name"], user["email"]) == ("rosa", "Rosa Marsh", None)
    emails = (await outside.http.get("/github/api/user/emails", headers=who)).json()
    [primary] = [one["email"] for one in emails if one["primary"] and one["verified"]]
    assert primary == "rosa@example.org"
    assert (await outside.http.get("/github/api/users/ROSA")).json()["id"] == user["id"]


@pytest.mark.parametrize("verifier", ["", "w" * 64, CHALLENGE])
async def test_a_wrong_verifier_gets_no_token(outside: Outside, verifier: str) -> None:
    code = await code_for(outside, "rosa")
    assert (await exchange(outside, code, verifier))["error"] == "bad_verification_code"
    assert "access_token" in await exchange(outside, code)


async def test_a_code_works_once(outside: Outside) -> None:
    code = await code_for(outside, "rosa")
    assert "access_token" in await exchange(outside, code)
    assert (await exchange(outside, code))["error"] == "bad_verification_code"
    assert (await exchange(outside, "no such code"))["error"] == "bad_verification_code"


async def test_who_does_not_ask_for_json_gets_a_form_as_from_github(outside: Outside) -> None:
    code = await code_for(outside, "rosa")
    answer = await outside.http.post(
        "/github/login/oauth/access_token", data={"code": code, "code_verifier": VERIFIER}
    )
    assert dict(parse_qsl(answer.text))["token_type"] == "bearer"


@pytest.mark.parametrize("token", ["", "Bearer nonsense"])
async def test_without_a_valid_token_nobody_is_logged_in(outside: Outside, token: str) -> None:
    for path in ("/github/api/user", "/github/api/user/emails"):
        answer = await outside.http.get(path, headers={"Authorization": token} if token else {})
        assert answer.status_code == 401


async def test_anybody_may_log_in_and_keeps_the_same_uid(outside: Outside) -> None:
    ids = set()
    for login in ("somebody-new", "Somebody-New"):
        token = (await exchange(outside, await code_for(outside, login)))["access_token"]
        user = await outside.http.get("/github/api/user", headers={"Authorization": f"Bearer {token}"})
        ids.add(user.json()["id"])
    assert len(ids) == 1


@pytest.mark.parametrize("query", [{"login": "no/login"}, {"redirect_uri": "javascript:alert(1)"}])
async def test_nonsense_is_refused_before_anything_is_made(outside: Outside, query: dict[str, str]) -> None:
    assert (await authorize(outside, **{"login": "rosa", **query})).status_code == 400


async def test_repositories_of_an_owner_are_listed(outside: Outside) -> None:
    repos = (await outside.http.get("/github/api/orgs/opensafely/repos")).json()
    assert "demo-study" in [repo["name"] for repo in repos]
    one = (await outside.http.get("/github/api/repos/opensafely/demo-study")).json()
    assert one["full_name"] == "opensafely/demo-study"


async def test_a_commit_moves_its_branch_and_keeps_the_other_files(outside: Outside) -> None:
    repo = "/github/api/repos/opensafely/demo-study"
    before = (await outside.http.get(f"{repo}/commits/main")).json()["sha"]
    body = {"branch": "odd/branch", "message": "Add it", "files": {"analysis/new file.py": "x = 'é'\n"}}
    made = await outside.http.post("/control/repos/opensafely/demo-study/commits", json=body)
    sha = made.json()["sha"]
    assert (await outside.http.get(f"{repo}/branches/odd/branch")).json()["commit"]["sha"] == sha
    assert (await outside.http.get(f"{repo}/commits/main")).json()["sha"] == before
    names = {branch["name"] for branch in (await outside.http.get(f"{repo}/branches")).json()}
    assert names == {"main", "odd/branch"}
    for ref in (sha, sha[:7], "odd/branch"):
        found = (await outside.http.get(f"{repo}/commits/{ref}")).json()
        assert (found["sha"], found["commit"]["message"]) == (sha, "Add it")


async def test_a_file_is_read_raw_or_in_base64_at_any_commit(outside: Outside) -> None:
    control, repo = "/control/repos/o/r/commits", "/github/api/repos/o/r"
    shas = []
    for text in ("first\n", "second é\n"):
        made = await outside.http.post(control, json={"message": "m", "files": {"a/b.txt": text}})
        shas.append(made.json()["sha"])
    raw = {"Accept": "application/vnd.github.raw+json"}
    old = await outside.http.get(f"{repo}/contents/a/b.txt", params={"ref": shas[0]}, headers=raw)
    assert old.text == "first\n"
    new = (await outside.http.get(f"{repo}/contents/a/b.txt")).json()
    assert base64.b64decode(new["content"]).decode() == "second é\n"
    assert [f["path"] for f in (await outside.http.get(f"{repo}/contents/a")).json()] == ["a/b.txt"]
    compared = (await outside.http.get(f"{repo}/compare/{shas[0]}...{shas[1]}")).json()
    assert [f["filename"] for f in compared["files"]] == ["a/b.txt"]
    assert compared["total_commits"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "repos/opensafely/nothing",
        "repos/opensafely/nothing/branches",
        "repos/opensafely/nothing/branches/main",
        "repos/opensafely/demo-study/branches/nothing",
        "repos/opensafely/demo-study/commits/ffffffffffffffff",
        "repos/opensafely/demo-study/commits/abc",
        "repos/opensafely/demo-study/contents/nothing.py",
        "repos/opensafely/demo-study/contents/project.yaml?ref=nothing",
        "repos/opensafely/demo-study/compare/main...nothing",
        "repos/opensafely/nothing/issues/1/labels",
    ],
)
async def test_what_is_not_there_is_not_found_as_at_github(outside: Outside, path: str) -> None:
    answer = await outside.http.get(f"/github/api/{path}")
    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"
