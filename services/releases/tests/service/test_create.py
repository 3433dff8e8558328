"""Creating releases, and creating them again (A33 to A38)."""

import asyncio
from typing import Any

import pytest
from testkit.world import World, person

from .conftest import BASE, RELEASE, Airlock, Ask, listed
from .known import ELSEWHERE, OLGA, OTIS, ROSA, STUDY

CSV = ("output/a.csv", b"a,b\n1,2\n")
LOG = ("output/b.txt", b"done\n")
EXTRA = ("output/c.txt", b"more\n")
NOT_GIVEN = {"detail": "Authentication credentials were not provided."}


async def post(airlock: Airlock, body: Any, **how: Any) -> tuple[int, Any]:
    answer = await airlock.post("releases/workspace/study-ws", json=body, **how)
    return answer.status_code, answer.json()


async def test_a_release_is_made_under_airlocks_own_id(airlock: Airlock, world: World) -> None:
    answer = await airlock.create(CSV, LOG)
    assert answer.status_code == 201
    assert answer.headers["Release-Id"] == RELEASE
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "release_id": RELEASE,
        "release_url": f"{BASE}/study/study-ws/releases/{RELEASE}/",
    }
    [row] = await world.rows("releases", "select * from releases")
    assert (row["id"], row["workspace"], row["project_id"], row["backend"]) == (
        *(RELEASE, "study-ws", STUDY, "tpp"),
    )
    assert (row["created_by_id"], row["metadata"]) == (OTIS.user_id, '{"tool": "airlock"}')
    files = await world.rows("releases", "select * from release_files order by name")
    assert [(file["name"], file["size"], file["uploaded_at"]) for file in files] == [
        ("output/a.csv", 8, None),
        ("output/b.txt", 5, None),
    ]
    assert await world.announced("releases") == ["releases.release.created.v1"]


async def test_a_release_without_files_is_complete_at_once(airlock: Airlock, world: World) -> None:
    assert (await airlock.create()).status_code == 201
    assert await world.announced("releases") == [
        "releases.release.created.v1",
        "releases.release.completed.v1",
    ]


async def test_the_same_call_again_by_the_other_checker_changes_nothing(
    airlock: Airlock, world: World
) -> None:
    first = await airlock.create(CSV, LOG)
    again = await airlock.create(LOG, CSV, acting=OLGA)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Release-Id"] == RELEASE
    [row] = await world.rows("releases", "select created_by_id from releases")
    assert row["created_by_id"] == OTIS.user_id
    assert len(await world.rows("releases", "select from release_files")) == 2
    assert await world.announced("releases") == ["releases.release.created.v1"]


async def listing(world: World) -> list[str]:
    rows = await world.rows(
        "releases", "select name from release_files where withdrawn_at is null order by name"
    )
    return [row["name"] for row in rows]


async def test_a_file_renamed_between_two_tries_can_be_uploaded(airlock: Airlock, world: World) -> None:
    """The same bytes are not the same list (A37)."""
    await airlock.create(CSV)
    renamed = ("output/renamed.csv", CSV[1])
    assert (await airlock.create(renamed)).status_code == 201
    assert await listing(world) == [renamed[0]]
    assert (await airlock.upload(*renamed)).status_code == 201
    assert (await airlock.upload(*CSV)).status_code == 400


async def test_the_same_release_created_twice_at_once_is_made_once(airlock: Airlock, world: World) -> None:
    answers = await asyncio.gather(
        *(airlock.create(CSV, LOG, acting=who) for who in (OTIS, OLGA, OTIS, OLGA))
    )
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert len(await world.rows("releases", "select from releases")) == 1
    assert len(await world.rows("releases", "select from release_files")) == 2
    assert await world.announced("releases") == ["releases.release.created.v1"]


async def test_two_lists_of_one_id_at_once_leave_one(airlock: Airlock, world: World) -> None:
    answers = await asyncio.gather(airlock.create(CSV), airlock.create(LOG))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(await listing(world)) == 1


async def test_an_incomplete_release_takes_another_list(airlock: Airlock, world: World, ask: Ask) -> None:
    """The first answer may have been lost, and the author changed a file since (A37)."""
    other = (LOG[0], b"done again\n")
    await airlock.create(CSV, LOG, EXTRA)
    await airlock.upload(*CSV)
    log = await airlock.upload(*LOG)
    assert (await airlock.create(CSV, other, acting=OLGA)).status_code == 201
    assert await listing(world) == [CSV[0], LOG[0]]
    [row] = await world.rows(
        "releases", "select * from release_files where withdrawn_at is not null and uploaded_at is not null"
    )
    assert (row["name"], row["withdrawn_by_id"]) == (LOG[0], OLGA.user_id)
    for path in (f"/api/v2/releases/file/{log.headers['File-Id']}", f"/files/{row['id']}/content"):
        assert (await ask(path, ROSA)).status_code == 404
    index = (await ask(f"/api/v2/releases/release/{RELEASE}", ROSA)).json()["files"]
    assert [file["name"] for file in index] == [CSV[0], LOG[0]]
    [shown] = (await ask("/workspaces/study-ws/releases", ROSA)).json()
    assert (shown["file_count"], shown["uploaded_count"]) == (2, 1)
    found = (await ask(f"/releases/{RELEASE}", ROSA)).json()
    assert [(file["name"], file["uploaded_at"] is None) for file in found["files"]] == [
        (CSV[0], False),
        (LOG[0], True),
    ]
    assert (await airlock.upload(*LOG)).status_code == 400
    assert (await airlock.upload(*other)).status_code == 201
    assert (await world.announced("releases"))[-3:] == [
        "releases.release.relisted.v1",
        "releases.file.uploaded.v1",
        "releases.release.completed.v1",
    ]


async def test_a_list_without_what_was_missing_completes_the_release(airlock: Airlock, world: World) -> None:
    await airlock.create(CSV, LOG)
    await airlock.upload(*CSV)
    assert (await airlock.create(CSV)).status_code == 201
    assert (await world.announced("releases"))[-1] == "releases.release.completed.v1"
    assert (await airlock.create(CSV, LOG)).status_code == 409


async def test_a_file_that_comes_back_into_the_list_is_uploaded_again(airlock: Airlock, world: World) -> None:
    await airlock.create(CSV, LOG)
    await airlock.upload(*CSV)
    await airlock.create(LOG)
    await airlock.create(CSV, LOG)
    assert (await airlock.upload(*CSV)).status_code == 201


async def test_a_complete_release_takes_no_other_list(airlock: Airlock, world: World) -> None:
    await airlock.create(CSV)
    await airlock.upload(*CSV)
    for files in ((CSV, LOG), ((CSV[0], b"other"),), (("output/renamed.csv", CSV[1]),), ()):
        refused = await airlock.create(*files)
        assert refused.status_code == 409
        assert refused.json()["detail"].startswith(f"Release {RELEASE} is complete: ")
    assert (await airlock.create(CSV)).status_code == 201
    assert await listing(world) == [CSV[0]]


async def test_uploads_and_another_list_at_once_leave_no_file_that_nobody_listed(
    airlock: Airlock, world: World
) -> None:
    await airlock.create(CSV, LOG)
    uploaded, relisted, _ = await asyncio.gather(
        airlock.upload(*CSV), airlock.create(LOG), airlock.upload(*LOG)
    )
    assert uploaded.status_code in {201, 400}
    assert relisted.status_code in {201, 409}
    complete = relisted.status_code == 409
    assert await listing(world) == ([CSV[0], LOG[0]] if complete else [LOG[0]])


async def test_who_created_a_release_may_finish_it_for_a_week_without_the_role(
    airlock: Airlock, world: World
) -> None:
    """Creating needs the role, finishing does not (A51)."""
    former_otis, former_olga = person(2, "otis"), person(3, "olga", backends=["tpp"])
    await airlock.create(CSV, LOG, EXTRA)
    await airlock.create(CSV, LOG, EXTRA, acting=OLGA)
    assert (await airlock.upload(*CSV, acting=former_otis)).status_code == 201
    assert (await airlock.upload(*LOG, acting=former_olga)).status_code == 201
    assert (await airlock.upload("other.csv", b"", acting=former_olga)).status_code == 400
    assert await post(airlock, {}, acting=former_olga) == (403, NOT_GIVEN)
    assert (await airlock.upload(*EXTRA, acting=None)).status_code == 403  # the account is disabled
    await world.rows("releases", "update release_creators set at = at - interval '8 days'")
    refused = await airlock.upload(*EXTRA, acting=former_olga)
    assert (refused.status_code, refused.json()) == (403, NOT_GIVEN)
    assert (await airlock.upload(*EXTRA, acting=OLGA)).status_code == 201


@pytest.mark.parametrize("how", [{"workspace": "other-ws"}, {"backend": "emis"}])
async def test_an_id_of_another_workspace_or_backend_is_a_conflict(
    airlock: Airlock, how: dict[str, str]
) -> None:
    await airlock.create(CSV, acting=OLGA)
    refused = await airlock.create(CSV, acting=OLGA, **how)
    assert refused.status_code == 409
    assert refused.json() == {"detail": f"Release {RELEASE} belongs to another workspace or backend."}


async def test_without_an_airlock_id_every_call_is_a_new_release(airlock: Airlock, world: World) -> None:
    body = {"files": [listed(*CSV)], "metadata": {"tool": "script"}, "review": None}
    ids = {(await post(airlock, body))[1]["release_id"] for _ in range(2)}
    assert len(ids) == 2
    assert {len(one) for one in ids} == {26}
    assert len(await world.rows("releases", "select from releases")) == 2


async def test_the_workspace_is_looked_up_before_anything_else(airlock: Airlock) -> None:
    answer = await airlock.post("releases/workspace/nowhere", backend=None, acting=None, content=b"{")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "No Workspace matches the given query."}


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ({"kind": "anonymous"}, "Authorization header is missing"),
        ({"kind": "anonymous", "reason": "empty"}, "Authorization header is empty"),
        ({"kind": "failed", "reason": "invalid_token"}, "Invalid token"),
        ({"kind": "pat", "user": OTIS}, "Invalid token"),
        ({"kind": "session", "user": OTIS}, "Authorization header is missing"),
    ],
)
@pytest.mark.parametrize("path", ["workspace/study-ws", f"release/{RELEASE}"])
async def test_a_wrong_backend_token_is_refused_before_the_body_is_read(
    airlock: Airlock, world: World, path: str, statement: dict[str, Any], text: str
) -> None:
    await airlock.create(CSV)
    headers = {"x-job-server-identity": world.signer().sign(**statement)}
    answer = await airlock.client.post(f"/api/v2/releases/{path}", headers=headers, content=b"{")
    assert (answer.status_code, answer.json()) == (403, {"detail": text})
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize(
    "acting",
    [
        None,
        ROSA,
        person(4, "abroad", roles=["OutputChecker"], backends=["emis"]),
        person(5, "homeless", roles=["OutputChecker"]),
        person(6, "support", roles=["TechSupport", "StaffAreaAdministrator"], backends=["tpp"]),
        person(7, "elsewhere", projects={"OutputChecker": [ELSEWHERE]}, backends=["tpp"]),
    ],
    ids=lambda who: who.username if who else "nobody",
)
async def test_who_may_not_release_is_refused_in_one_sentence(
    airlock: Airlock, world: World, acting: Any
) -> None:
    assert await post(airlock, {}, acting=acting) == (403, NOT_GIVEN)
    await airlock.create(CSV)
    refused = await airlock.upload(*CSV, acting=acting)
    assert (refused.status_code, refused.json()) == (403, NOT_GIVEN)
    [file] = await world.rows("releases", "select uploaded_at from release_files")
    assert file["uploaded_at"] is None


async def test_a_name_may_come_back_in_another_release_and_workspace(airlock: Airlock) -> None:
    await airlock.create(CSV)
    for number, workspace in enumerate(("study-ws", "other-ws")):
        release = RELEASE[:-1] + str(number)
        assert (await airlock.create(CSV, release=release, workspace=workspace)).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_another_method_is_refused_in_the_words_of_the_reference(airlock: Airlock, method: str) -> None:
    answer = await airlock.client.request(
        method, "/api/v2/releases/workspace/study-ws", headers=airlock.says()
    )
    assert answer.status_code == 405
    assert answer.json() == {"detail": f'Method "{method}" not allowed.'}
    assert "allow" in answer.headers


@pytest.mark.parametrize(
    "path", ["releases/workspace/study-ws/", f"releases/release/{RELEASE}/", "airlock/events"]
)
async def test_a_wrong_slash_is_not_redirected(airlock: Airlock, path: str) -> None:
    """A redirect would make a GET of Airlock's POST (A1)."""
    assert (await airlock.post(path, json={})).status_code == 404
