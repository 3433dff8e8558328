"""What the page of a request says of it."""

from datetime import timedelta
from typing import Any

import pytest
from clients.jobs import JobRequest
from gateway.runs.joblist import Chosen
from gateway.runs.request_view import job_metrics, request_view

from ..samples import JOBS, NOW, PIPELINE, job, request


def view(**more: Any) -> Any:
    found: JobRequest = request(**more)
    return request_view(found, NOW)


def test_while_jobs_run_those_that_need_somebody_come_first() -> None:
    shown = view()
    assert [row.action for row in shown.jobs.rows] == [
        "describe",
        "figures",
        "model",
        "report_that_has_a_long_name",
        "tables",
        "extract",
    ]
    assert (shown.finished, shown.of, shown.cancellable, shown.over) == ("4", "6 jobs", 2, False)
    assert shown.title == "1 of 6 running · Request 7"


def test_when_it_is_over_jobs_stand_in_the_order_of_the_pipeline() -> None:
    shown = view(status="failed", completed_at=NOW)
    assert [row.action for row in shown.jobs.rows] == [action.name for action in PIPELINE]
    assert shown.title == "Failed · Request 7"


def test_a_long_list_is_shown_in_parts_and_can_be_filtered() -> None:
    jobs = [
        job(f"action_{n:04}", "failed" if n % 100 == 0 else "succeeded", identifier=f"id{n}")
        for n in range(2_191)
    ]
    shown = view(jobs=jobs, pipeline=[], status="failed", completed_at=NOW).jobs
    assert (len(shown.rows), shown.total, shown.fitting, shown.before, shown.after) == (
        100,
        2_191,
        2_191,
        "",
        "?first=100",
    )
    assert [(word, count) for _, word, count, _, _ in shown.chips] == [
        ("All", 2_191),
        ("Failed", 22),
        ("Succeeded", 2_169),
    ]
    found: JobRequest = request(jobs=jobs, pipeline=[], status="failed", completed_at=NOW)
    failed = request_view(found, NOW, Chosen(state="failed", find="_1")).jobs
    assert [row.action for row in failed.rows] == [f"action_1{n}00" for n in range(10)]
    last = request_view(found, NOW, Chosen(first=99_999)).jobs
    assert (last.first, len(last.rows), last.after) == (2_100, 91, "")


def test_the_bar_and_its_legend_say_the_same_in_the_same_order() -> None:
    shown = view()
    states = ["succeeded", "running", "waiting", "failed", "blocked", "cancelled"]
    assert [part.state for part in shown.bar] == states
    assert [pill.state for pill, _ in shown.legend] == states
    assert round(sum(float(part.width) for part in shown.bar)) == 100


def test_why_a_job_waits_or_failed_is_a_sentence() -> None:
    shown = view()
    lines = {row.action: row for row in shown.jobs.rows}
    assert lines["model"].why == "for 29 min, usually 2 h 00 min"
    assert lines["report_that_has_a_long_name"].why == "for model"
    assert lines["tables"].why == "Needs describe, which failed."
    assert (lines["figures"].pill.word, lines["figures"].why) == ("Cancelled", ""), "said once"


@pytest.mark.parametrize(
    ("code", "starts"),
    [
        ("created", "It was accepted"),
        ("waiting_on_workers", "for a free place"),
        ("paused", "The backend is paused"),
        ("waiting_db_maintenance", "The database is in maintenance"),
        ("waiting_on_reboot", "The server was restarted"),
        ("something_new", "Said by the controller"),
    ],
)
def test_every_reason_to_wait_is_told(code: str, starts: str) -> None:
    waiting = job("extract", "pending", code, status_message="Said by the controller")
    assert view(jobs=[waiting]).jobs.rows[0].why.startswith(starts)


def test_lines_are_cut_only_where_an_input_will_never_come() -> None:
    graph = view().graph
    kinds = {(e.kind) for e in graph.edges}
    assert kinds == {"done", "todo", "cut"}
    assert sum(edge.kind == "cut" for edge in graph.edges) == 2  # describe to tables, tables to report
    assert {node.name: node.text for node in graph.nodes}["model"] == "Running 29 min of 2 h 00 min"
    assert {node.name: node.text for node in graph.nodes}["extract"] == "Succeeded in 9 min"


def test_a_picture_is_drawn_when_it_helps() -> None:
    assert view(jobs=JOBS[:1]).graph is None
    assert view(pipeline=[]).graph is None
    assert view(jobs=[]).graph is None


def test_times_share_one_scale_with_round_marks() -> None:
    shown = view().jobs
    assert all(0 <= float(x) <= 100 for row in shown.rows for _, x, _ in row.bars)
    assert all(5 <= float(x) <= 80 for x, _ in shown.marks)
    assert [text[-1] for _, text in shown.marks] == ["0"] * len(shown.marks)
    assert view(jobs=[]).jobs.marks == []


def test_a_clock_that_runs_ahead_breaks_nothing() -> None:
    later = NOW + timedelta(hours=1)
    odd = job("extract", "running", started_at=later, created_at=later, updated_at=later)
    shown = view(jobs=[odd], created_at=later)
    assert shown.elapsed == "0 s"


@pytest.mark.parametrize(
    ("more", "word", "over"),
    [
        ({"jobs": [], "status": "pending", "submitting": True}, "Submitting", False),
        ({"jobs": [], "status": "nothing_to_do", "status_message": "All done before"}, "Nothing to do", True),
        ({"jobs": [], "status": "failed", "status_message": "No such branch"}, "Failed", True),
        ({"status": "running", "cancelling": True}, "Cancelling", False),
        ({"status": "failed", "completed_at": NOW, "cancel_requested_at": NOW}, "Failed", True),
    ],
)
def test_the_state_of_the_whole(more: dict[str, Any], word: str, over: bool) -> None:
    shown = view(**more)
    assert (shown.pill.word, shown.over) == (word, over)
    assert shown.note == (more.get("status_message") or "")


def test_silence_is_told() -> None:
    assert "Nothing was heard" in view(missing_updates=True).note


def test_what_is_expected_is_the_longest_chain() -> None:
    jobs = [
        job(action.name, "running", "executing", expected_seconds=seconds)
        for action, seconds in zip(PIPELINE, (600, 60, 60, 1200, 30, 120), strict=True)
    ]
    shown = view(jobs=jobs)
    assert shown.expected == "32 min"  # extract, model, report
    assert shown.likely is not None
    assert view(jobs=[*jobs[:-1], JOBS[4]]).expected == "", "one is not known"


def test_only_figures_are_figures() -> None:
    metrics = {"cpu_mean": 88.2, "mem_mb_peak": 1234, "cpu_peak": "lots", "other": 1}
    assert job_metrics(metrics) == [("Mean CPU", "88%"), ("Peak memory", "1,234 MB")]
    assert job_metrics(None) == []
