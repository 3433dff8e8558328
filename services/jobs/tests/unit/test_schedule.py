"""When the controller is asked about a request again."""

from jobs.rap.poller import Schedule


def test_a_request_is_asked_about_at_once_then_after_the_first_pause() -> None:
    schedule = Schedule(first=2, slowest=60)
    assert schedule.due(["a"], 0) == ["a"]
    schedule.asked("a", 0, changed=True)
    assert schedule.due(["a"], 1.9) == []
    assert schedule.due(["a"], 2) == ["a"]


def test_pauses_grow_to_the_slowest_while_nothing_changes_and_shrink_with_news() -> None:
    schedule = Schedule(first=2, slowest=60)
    schedule.due(["a"], 0)
    now = 0.0
    for _ in range(20):
        schedule.asked("a", now, changed=False)
        now += 60
        assert schedule.due(["a"], now) == ["a"]
    schedule.asked("a", now, changed=False)
    assert schedule.due(["a"], now + 59) == []
    schedule.asked("a", now, changed=True)
    assert schedule.due(["a"], now + 2) == ["a"]


def test_what_is_no_longer_active_is_forgotten() -> None:
    schedule = Schedule(first=2, slowest=60)
    schedule.due(["a", "b"], 0)
    schedule.asked("a", 0, changed=False)
    assert schedule.due(["b"], 1) == ["b"]
    assert schedule.due(["a"], 1) == ["a"]
