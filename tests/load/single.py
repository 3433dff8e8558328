"""Pages of one request, job, release or file; their ids stand in the database."""

import asyncpg
from asked import DEMO, Asked, place
from rawclient import request
from sandbox.airlock_demo import Airlock, listed, new_request_id
from seed import FIRST, release_id
from testkit.stack import Stack

REDIRECTED = {"short addresses": 302, "old addresses": 301}
_FILES = 50
_REQUEST_PARTS = ("live", "jobs", "title")
_SHORT = ("/users/loadtester/", "/staff/users/loadtester/")


async def single_rows(stack: Stack, superuser: str, session: str) -> dict[str, Asked]:
    release = _released(stack)
    connection = await asyncpg.connect(superuser)
    try:
        requests = await connection.fetch(
            "select r.id, workspace, project_id - $1 as project,"
            " (select max(identifier) from jobs.jobs where job_request_id = r.id) as job"
            " from jobs.job_requests r where r.id >= $1 order by r.id limit 100",
            FIRST,
        )
        files = await connection.fetch("select id from releases.release_files where release_id = $1", release)
    finally:
        await connection.close()
    url = stack.url.replace("localhost", "127.0.0.1")
    return rows(url, session, [tuple(row) for row in requests], release, [row["id"] for row in files])


def rows(
    url: str, session: str, requests: list[tuple[int, str, int, str]], release: str, files: list[str]
) -> dict[str, Asked]:
    """`requests` are (id, workspace, number of the project, one job); `release` one with bytes in DEMO."""
    of = [
        (f"/load-project-{project}/{name}/{number}/", number, job) for number, name, project, job in requests
    ]
    seeded = [f"{place(n)}releases/{release_id(n)}/" for n in range(4)]

    def pages(*paths: str) -> Asked:
        return [request(url + path, {"Cookie": session, "Accept": "text/html"}) for path in paths]

    return {
        "request page": pages(*(path for path, *_ in of)),
        "parts of a request": pages(
            *(f"{path}fragments/{part}/" for path, *_ in of for part in _REQUEST_PARTS)
        ),
        "project.yaml": pages(*(f"{path}project.yaml" for path, *_ in of)),
        "job page": pages(*(f"{path}{job}/" for path, _, job in of)),
        "part of a job": pages(*(f"{path}{job}/fragments/job/" for path, _, job in of)),
        "short addresses": pages(
            *_SHORT, *(f"/job-requests/{n}/" for _, n, _ in of), *(f"/jobs/{job}/" for *_, job in of)
        ),
        "old addresses": pages("/event-list/", "/jobs/"),
        "parts of a release": pages(
            *(f"{path}fragments/{part}/" for path in seeded for part in ("title", "files"))
        ),
        "released file": pages(*(f"{DEMO}releases/{release}/output/{n}.csv" for n in range(_FILES))),
        "bytes of a file": pages(*(f"/files/{file}/content/" for file in files)),
        "download of a release": pages(f"{DEMO}releases/{release}/download/"),
    }


def _released(stack: Stack) -> str:
    """A release whose files have come."""
    airlock, name = Airlock(stack.url, stack.demo["backend"]["token"]), new_request_id()
    files = {f"output/{n}.csv": b"age,count\n" + b"40-49,1230\n" * 200 for n in range(_FILES)}
    announced = [listed(file, content, name) for file, content in files.items()]
    about = {"files": announced, "metadata": {"tool": "airlock", "airlock_id": name}, "review": None}
    answers = [airlock.call(f"releases/workspace/{stack.demo['workspace']}", actor="otis", **about)]
    for file, content in files.items():
        answers.append(airlock.call(f"releases/release/{name}", actor="otis", body=content, name=file))
    assert {status for status, *_ in answers} == {201}, answers
    return name
