"""Nothing is lost and nothing doubled, whatever is killed. `./just soak` makes it harder."""

import asyncio
import os
import re
import secrets
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from urllib.request import urlopen

import asyncpg
import pytest
from contracts.catalogue import SERVICES
from sandbox.airlock_demo import Airlock, listed, new_request_id
from testkit.stack import Stack
from testkit.visitor import Visitor
from testkit.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]  # one system for all of them

SOAK = bool(os.environ.get("SOAK"))
WORKERS = tuple(f"{service}-worker" for service in SERVICES)
# The services die one after the other during one run, the workers too; soaking gives each a run of its own.
VICTIMS = [("postgres",), ("nats",), ("sandbox",), ("gateway",)]
VICTIMS += [(name,) for name in (*SERVICES, *WORKERS)] * 3 if SOAK else [SERVICES, WORKERS]


def all_ready(stack: Stack) -> bool:
    try:
        for process in stack.run["processes"].values():
            urlopen(f"http://127.0.0.1:{process['port']}/health/ready", timeout=2).close()
    except (OSError, ValueError):
        return False
    return True


def kill(stack: Stack, name: str) -> None:
    """And wait until there is another one that is ready."""
    victim = stack.pid(name)
    os.kill(victim, signal.SIGKILL)
    until(lambda: stack.pid(name) not in {0, victim}, 40)
    until(lambda: all_ready(stack), 40)


@pytest.mark.parametrize("names", VICTIMS, ids=" ".join)
def test_fault_processes_killed_during_a_run(stack: Stack, rosa: Visitor, names: tuple[str, ...]) -> None:
    """Its last action waits for the last kill, so that the run ends while that process is away."""
    *earlier, last = names
    rosa.control("actions/report", {"hang": True})
    path = rosa.run("report", force_run_dependencies="on")
    rosa.wait_for(path, "running")
    for name in earlier:
        kill(stack, name)
    assert rosa.state(path) == "running", "it was over before the last kill"
    rosa.control("actions/report", {})
    kill(stack, last)
    rosa.wait_for(path, "succeeded")
    rosa.has_one_mail(path)
    mine = [job for job in rosa.received()["jobs"] if job["rap_id"] == _rap_id(rosa, path)]
    assert len({job["action"] for job in mine}) == len(mine), "an action was started twice"


def _rap_id(rosa: Visitor, path: str) -> str:
    text = rosa.web.get(path).text
    return text.split("<dt>RAP id</dt><dd><code>")[1].split("<")[0]


@pytest.mark.parametrize("victim", ["releases", "identity", "postgres", "connections"])
def test_fault_airlock_sees_no_restart(stack: Stack, rosa: Visitor, victim: str) -> None:
    """It never repeats an event: while something restarts its calls are held (A10)."""
    done = Event()
    found: list[tuple[str, int]] = []
    asked: list[tuple[str, int]] = []
    with ThreadPoolExecutor(2) as pool:
        calls = pool.submit(release_again_and_again, stack, done, found)
        logins = pool.submit(log_in_again_and_again, stack, rosa, done, asked)
        try:
            until(lambda: found and asked, 20)
            if victim == "connections":
                cut_connections(stack)
            else:
                kill(stack, victim)
            released, logged_in = len(found) + 10, len(asked) + 4
            until(
                lambda: (
                    calls.done()  # it has failed, which its result says
                    or logins.done()
                    or (len(found) > released and len(asked) > logged_in)
                ),
                40,
            )
        finally:
            done.set()
        calls.result(60)
        logins.result(60)
    assert len(found) > 10
    assert len(asked) > 4
    assert [call for call in found + asked if call[1] >= 500] == []
    assert {status for _, status in found} == {201}
    assert {status for _, status in asked} == {200}, "a token is not used up by an answer that was lost"


def cut_connections(stack: Stack) -> None:
    """Of two services to the database, in the middle of whatever they are doing."""
    for _ in range(5):
        for service in ("releases", "identity"):
            url = stack.run["processes"][service]["environment"]["DATABASE_URL"]
            asyncio.run(_cut(url))
        time.sleep(0.1)


async def _cut(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where usename = current_user and pid <> pg_backend_pid()"
    )
    await connection.close()


def log_in_again_and_again(stack: Stack, rosa: Visitor, done: Event, found: list[tuple[str, int]]) -> None:
    """With a token of rosa's for each time; what it may do is asked after it, as Airlock does."""
    airlock = Airlock(stack.url, stack.demo["backend"]["token"])
    csrf = rosa.hidden(rosa.web.get("/settings/"), "csrf")
    while not done.is_set():
        page = rosa.web.post("/settings/", data={"csrf": csrf, "token": "1"})
        if (words := re.search(r'class="words"><code>([^<]+)<', page.text)) is None:
            continue  # it met the restart: people are shown the form again
        status, *_ = airlock.call("releases/authenticate", user="rosa", token=words[1])
        found.append(("authenticate", status))
        status, *_ = airlock.call("releases/authorise", user="rosa")
        found.append(("authorise", status))


def release_again_and_again(stack: Stack, done: Event, found: list[tuple[str, int]]) -> None:
    """Each call that Airlock makes to release a file, and its answer."""
    airlock, workspace = Airlock(stack.url, stack.demo["backend"]["token"]), stack.demo["workspace"]
    while not done.is_set():
        request, content = new_request_id(), secrets.token_bytes(2_000)
        body = {"workspace": workspace, "request": request, "request_author": "rosa", "user": "rosa"}
        status, *_ = airlock.call(
            "airlock/events/", actor="rosa", event_type="request_submitted", **body, updates=None
        )
        found.append(("event", status))
        metadata = {"tool": "airlock", "airlock_id": request}
        files = [listed("output/a.csv", content, request)]
        path = f"releases/workspace/{workspace}"
        status, *_ = airlock.call(path, actor="otis", files=files, metadata=metadata, review=None)
        found.append(("create", status))
        status, _, answer = airlock.call(
            f"releases/release/{request}", actor="otis", body=content, name="output/a.csv"
        )
        if status == 400 and "already been uploaded" in answer["detail"]:
            status = 201  # the first answer was lost with the service; Airlock takes this for done
        found.append(("upload", status))


def test_fault_nats_away_for_a_while(stack: Stack, rosa: Visitor) -> None:
    """Requests can still be submitted, and everything arrives when it is back."""
    nats = stack.pid("nats")
    os.kill(nats, signal.SIGSTOP)
    began = time.monotonic()
    try:
        path = rosa.run("report", force_run_dependencies="on")
        assert rosa.state(path) in {"pending", "waiting", "running"}
        while time.monotonic() - began < (60 if SOAK else 5):
            assert rosa.web.get(path).status_code == 200
            time.sleep(0.5)
    finally:
        os.kill(nats, signal.SIGCONT)
    rosa.wait_for(path, "succeeded")
    rosa.has_one_mail(path)
    until(lambda: all_ready(stack), 30)


def test_fault_the_controller_answers_nonsense(rosa: Visitor) -> None:
    """A submission whose answer was lost is sent again and makes one set of jobs."""
    for endpoint, kind in (
        ("create", "500"),
        ("create_after", "drop"),
        ("status", "html"),
        ("status", "garbage"),
    ):
        rosa.control(f"faults/{endpoint}", {"kind": kind, "times": 1})
    path = rosa.run("report", force_run_dependencies="on")
    rosa.wait_for(path, "succeeded", 90)
    rosa.has_one_mail(path)
    mine = [job for job in rosa.received()["jobs"] if job["rap_id"] == _rap_id(rosa, path)]
    assert len({job["action"] for job in mine}) == len(mine)


def test_fault_the_mail_server_refuses_for_a_while(rosa: Visitor) -> None:
    rosa.control("faults/smtp", {"kind": "refuse", "times": 2})
    path = rosa.run("report")
    rosa.wait_for(path, "succeeded")
    rosa.has_one_mail(path)
