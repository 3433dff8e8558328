"""From the login to the mail, and from Airlock to the released file, through the running system."""

import json
import os
import subprocess
import sys
from typing import Any

import httpx
import pytest
from testkit.stack import Stack
from testkit.visitor import WORKSPACE, Visitor
from testkit.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("stack")]  # one system for all of them


def manage(stack: Stack, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return program(stack, "launcher.manage", *words, said=said)


def program(stack: Stack, module: str, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run to its end with `said` on standard input."""
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        input=said,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"JOBSERVER_HOME": str(stack.home)},
        timeout=60,
    )


def test_a_run_goes_from_the_form_to_one_mail(rosa: Visitor) -> None:
    path = rosa.run("report")
    rosa.wait_for(path, "succeeded")
    [mail] = until(lambda: rosa.mails_about(path))
    assert mail["recipient"] == "rosa@example.org"
    assert "demo-workspace" in mail["subject"]
    assert "report" in mail["text"]
    actions = {job["action"] for job in rosa.received()["jobs"]}
    assert "report" in actions


def test_a_form_submitted_twice_makes_one_request(rosa: Visitor) -> None:
    page = rosa.web.get(f"{WORKSPACE}run-jobs/")
    fields: dict[str, Any] = {name: rosa.hidden(page, name) for name in ("csrf", "sha", "key")}
    fields |= {"backend": "tpp", "requested_actions": ["report"]}
    first, second = (rosa.web.post(f"{WORKSPACE}run-jobs/", data=fields).url.path for _ in range(2))
    assert first == second
    rosa.wait_for(first, "succeeded")
    assert not rosa.mails_about(first), "nobody asked to be told"


def test_a_failed_run_says_so_and_can_be_cancelled_while_it_lasts(rosa: Visitor) -> None:
    rosa.control(
        "actions/report", {"fail": True, "code": "nonzero_exit", "message": "Job exited with an error"}
    )
    failed = rosa.run("report", force_run_dependencies="on")
    rosa.wait_for(failed, "failed")
    [mail] = until(lambda: rosa.mails_about(failed))
    assert "failed" in mail["subject"].lower()
    rosa.control("actions/report", {})
    rosa.control("speed", {"seconds_per_job": 30})
    path = rosa.run("report", force_run_dependencies="on")
    rosa.wait_for(path, "running")
    rosa.web.post(f"{path}cancel/", data={"csrf": rosa.hidden(rosa.web.get(path), "csrf")})
    rosa.wait_for(path, "cancelled")
    assert "cancelled" in rosa.web.get(path).text.lower()


def test_airlock_releases_files_that_the_author_can_read(stack: Stack, rosa: Visitor) -> None:
    before = rosa.received()
    played = program(stack, "sandbox.airlock_demo")
    assert played.returncode == 0, played.stdout + played.stderr
    url = next(word for word in played.stdout.split() if "/releases/" in word and word.startswith("http"))
    page = rosa.web.get(httpx.URL(url).path)
    assert page.status_code == 200
    assert "rates.csv" in page.text
    archive = rosa.web.get(f"{page.url.path}download/")
    assert archive.content[:2] == b"PK"
    [issue] = until(lambda: rosa.received()["issues"][len(before["issues"]) :])
    until(lambda: rosa.received()["issues"][-1]["state"] == "closed")
    assert "demo-workspace" in issue["title"]
    mails = until(lambda: rosa.received()["mails"][len(before["mails"]) :])
    assert {mail["recipient"] for mail in mails} == {"rosa@example.org"}
    with Visitor(stack) as nobody:
        assert "rates.csv" not in nobody.web.get(httpx.URL(url).path).text


def test_operators_set_up_a_place_to_work_and_may_repeat_themselves(stack: Stack) -> None:
    """Each command once; the services' own tests repeat them all."""
    study = "https://github.com/opensafely/demo-study"

    def run(service: str, *commands: str) -> list[dict[str, Any]]:
        lines = "\n".join(json.dumps([*command.split(), "--json"]) for command in commands)
        ran = manage(stack, service, "batch", said=lines)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    assert manage(stack, *"create_user zoe --name Zoe --email zoe@example.org".split()).returncode == 0
    backend = "create_backend north --name North"
    _, made, again = run("identity", "create_org northgate --name Northgate", backend, backend)
    assert len(made["token"]) == 40
    assert (again["token"], again["exists"]) == (None, True)
    run(
        "projects",
        "create_project north-study --name North --number 777 --org northgate",
        f"create_workspace north-study north-main --repo {study}",
    )
    run(
        "identity",
        "add_member north-study zoe --role ProjectDeveloper",
        "add_to_backend zoe north",
        "grant zoe OutputChecker",
        "revoke zoe OutputChecker",
    )
    with Visitor(stack) as nobody:
        page = nobody.web.get("/north-study/")
        assert ("north-main" in page.text, "Zoe" in page.text, "Northgate" in page.text) == (True, True, True)


@pytest.mark.parametrize("words", ["grant rosa Emperor", "no_such_command"])
def test_a_command_that_cannot_be_says_why_in_a_line(stack: Stack, words: str) -> None:
    ran = manage(stack, *words.split())
    assert ran.returncode != 0
    assert "Traceback" not in ran.stdout + ran.stderr
    assert (ran.stdout + ran.stderr).strip()
