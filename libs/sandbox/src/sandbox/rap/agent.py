"""A made-up agent: jobs walk through the real codes and messages in seconds (RAP29)."""

import json
import time
from typing import Any

from sandbox.store import Store

RUNNING = ("initiated", "preparing", "prepared", "executing", "executed", "finalizing")
_ON_BACKEND = "Job executing on the backend"
CAPACITY = 4  # running jobs of one backend
_CANCELLING = 0.5  # seconds until the loop sees it; until then only `completed_at` tells


def seconds_per_job(store: Store) -> float:
    return float(store.flag("seconds_per_job", 3.0))


def settle(store: Store) -> None:
    """Move every live job to where it would be now. Nothing is remembered between calls but the rows."""
    now = time.time()
    jobs = store.all("select * from jobs where status in ('pending', 'running') order by n")
    if not jobs:
        return
    running = {row["backend"]: 0 for row in jobs}
    for row in jobs:
        if row["status"] == "running":
            running[row["backend"]] += 1
    newest = _newest(store, jobs)
    for row in jobs:
        if row["cancelled"]:
            if now - row["completed"] >= _CANCELLING:
                _end(store, row, now, "failed", "cancelled_by_user", "Cancelled by user")
        elif row["status"] == "running":
            _advance(store, row, now)
        else:
            _wait_or_start(store, row, now, running, newest)


def _newest(store: Store, jobs: list[Any]) -> dict[tuple[str, ...], str]:
    """The status of the newest job of every action in the workspaces at work, and in each RAP by its id.

    A cancelled job counts in its own RAP only: others go by the one before it.
    """
    spaces = {(row["backend"], row["workspace"]) for row in jobs}
    found: dict[tuple[str, ...], str] = {}
    for backend, workspace in spaces:
        rows = store.all(
            "select rap_id, action, status, cancelled from jobs"
            " where backend = ? and workspace = ? order by n",
            backend,
            workspace,
        )
        found |= {(backend, workspace, row["action"]): row["status"] for row in rows if not row["cancelled"]}
        found |= {(row["rap_id"], row["action"]): row["status"] for row in rows}
    return found


def _write(store: Store, row: Any, **values: Any) -> None:
    if all(row[name] == value for name, value in values.items()):
        return
    names = ", ".join(f"{name} = ?" for name in values)
    store.run(
        f"update jobs set {names}, updated = ? where identifier = ?",
        *values.values(),
        time.time(),
        row["identifier"],
    )


def _end(store: Store, row: Any, now: float, status: str, code: str, message: str) -> None:
    _write(store, row, status=status, code=code, message=message, completed=now)


def _wait_or_start(
    store: Store,
    row: Any,
    now: float,
    running: dict[str, int],
    newest: dict[tuple[str, ...], str],
) -> None:
    place = (row["backend"], row["workspace"])
    needs = [newest.get((row["rap_id"], n)) or newest.get((*place, n)) for n in json.loads(row["needs"])]
    if store.flag(f"paused:{row['backend']}", {}).get("status") == "on":
        message = "Backend is currently paused for maintenance, job will start once this is completed"
        _write(store, row, code="paused", message=message)
    elif row["requires_db"] and store.flag(f"maintenance:{row['backend']}", {}).get("status") == "on":
        _write(
            store, row, code="waiting_db_maintenance", message="Waiting for database to finish maintenance"
        )
    elif "failed" in needs:
        _end(store, row, now, "failed", "dependency_failed", "Not starting as dependency failed")
        newest[(row["rap_id"], row["action"])] = "failed"
    elif any(need != "succeeded" for need in needs):
        _write(store, row, code="waiting_on_dependencies", message="Waiting on dependencies")
    elif running[row["backend"]] >= CAPACITY:
        _write(store, row, code="waiting_on_workers", message="Waiting on available workers")
    elif now - row["created"] >= min(0.5, seconds_per_job(store) / 4):
        running[row["backend"]] += 1
        _write(store, row, status="running", code="initiated", message=_ON_BACKEND, started=now)


def _advance(store: Store, row: Any, now: float) -> None:
    whole = seconds_per_job(store)
    phase = int((now - row["started"]) / whole * len(RUNNING)) if whole > 0 else len(RUNNING)
    verdict = store.flag(f"action:{row['action']}", {})
    if phase < len(RUNNING):
        _write(store, row, code=RUNNING[phase])
    elif verdict.get("hang"):
        _write(store, row, code="executing")
    elif verdict.get("fail"):
        code = verdict.get("code", "nonzero_exit")
        _end(store, row, now, "failed", code, verdict.get("message", "Job exited with an error"))
    else:
        message = verdict.get("message", "Completed successfully")
        _end(store, row, now, "succeeded", "succeeded", message)
