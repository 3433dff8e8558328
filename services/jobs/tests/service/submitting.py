"""What tests of the run-jobs form push, and how they submit."""

from typing import Any

import httpx
from clients.jobs import JobsClient
from testkit.world import person

ROSA = person(1, "rosa", projects={"ProjectDeveloper": [1]}, backends=["tpp", "test"])
REPO = "https://github.com/opensafely/demo-study"
CREATED = "jobs.job_request.created.v1"

PIPELINE = """version: 4
actions:
  extract:
    run: ehrql:v1 generate-dataset d.py --output output/d.csv
    outputs: {highly_sensitive: {d: output/d.csv}}
  tables:
    run: r:v2 tables.R
    needs: [extract]
    outputs: {moderately_sensitive: {t: output/t.csv}}
"""


async def push(
    control: httpx.AsyncClient, files: dict[str, str], repo: str = "demo-study", branch: str = "main"
) -> str:
    """A commit on top of the branch, until the test is over; its sha."""
    body = {"files": files, "message": "Change\n\nmore", "branch": branch}
    made = await control.post(f"/repos/opensafely/{repo}/commits", json=body)
    return str(made.json()["sha"])


async def submit(client: JobsClient, sha: str, actions: list[str], **more: Any) -> int:
    values: dict[str, Any] = {
        "backend": "tpp",
        "force_run_dependencies": False,
        "will_notify": False,
        "key": "k" * 16,
    }
    return await client.submit("demo-workspace", sha=sha, actions=actions, **(values | more))
