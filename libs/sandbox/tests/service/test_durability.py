"""kill -9 after the answer loses nothing (ADR 5)."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from smtplib import SMTP
from typing import Any

import httpx
from launcher.embedded.child import free_port
from testkit.waiting import until

from .conftest import RAP_TOKEN, a_mail, a_rap

SERVE = """
import os
from kit.process import listen, run_app
run_app("sandbox.app:create", sock=listen(int(os.environ["PORT"])))
"""


@contextmanager
def running(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client, int]]:
    """A process of its own, as the supervisor starts it."""
    port, smtp_port = free_port(), free_port()
    variables = {"PORT": port, "SMTP_PORT": smtp_port, "SANDBOX_HOME": home, "RAP_API_TOKEN": "rap-token"}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], env={name: str(value) for name, value in variables.items()}
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=5) as http:
            until(lambda: process.poll() is None and _answers(http), 20)
            yield process, http, smtp_port
    finally:
        process.kill()
        process.wait()


def _answers(http: httpx.Client) -> bool:
    try:
        return http.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    with running(tmp_path) as (process, http, smtp_port):
        body: dict[str, Any] = {"message": "Last", "files": {"x": "y"}}
        sha = http.post("/control/repos/opensafely/demo-study/commits", json=body).json()["sha"]
        http.post("/github/api/repos/o/r/issues", json={"title": "Kept"})
        http.post(
            "/slack/api/chat.postMessage",
            json={"channel": "c", "text": "kept"},
            headers={"Authorization": "Bearer x"},
        )
        with SMTP("127.0.0.1", smtp_port, timeout=5) as mail:
            mail.send_message(a_mail("Kept"))
            process.send_signal(signal.SIGKILL)
            process.wait()
    with running(tmp_path) as (_, http, _):
        state = http.get("/control/state").json()
        assert [issue["title"] for issue in state["issues"]] == ["Kept"]
        assert [said["text"] for said in state["slack"]] == ["kept"]
        assert [mail["subject"] for mail in state["mails"]] == ["Kept"]
        assert http.get("/github/api/repos/opensafely/demo-study/commits/main").json()["sha"] == sha


def test_a_run_goes_on_where_it_was(tmp_path: Path) -> None:
    with running(tmp_path) as (process, http, _):
        http.post("/control/speed", json={"seconds_per_job": 0.01})
        http.post("/control/actions/generate_dataset_adults", json={"hang": True})
        sha = http.get("/github/api/repos/opensafely/demo-study/commits/main").json()["sha"]
        created = http.post("/rap/controller/v1/rap/create/", json=a_rap(sha), headers=RAP_TOKEN)
        assert created.status_code == 201
        process.send_signal(signal.SIGKILL)
        process.wait()
    with running(tmp_path) as (_, http, _):
        again = http.post("/rap/controller/v1/rap/create/", json=a_rap(sha), headers=RAP_TOKEN)
        assert again.status_code == 200, "it is known already"
        http.post("/control/actions/generate_dataset_adults", json={})
        [job] = until(
            lambda: [j for j in http.get("/control/state").json()["jobs"] if j["status"] == "succeeded"]
        )
        assert job["action"] == "generate_dataset_adults"


def test_a_study_is_seeded_once_however_often_it_is_started(tmp_path: Path) -> None:
    shas = []
    for _ in range(2):
        with running(tmp_path) as (_, http, _):
            found = http.get("/github/api/repos/opensafely/demo-study/commits/main").json()
            shas.append(found["sha"])
    assert shas[0] == shas[1]
