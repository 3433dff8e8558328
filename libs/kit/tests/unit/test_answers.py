"""What an answer of a neighbour means to the one who asked."""

import msgspec
import pytest
from kit import errors
from kit.errors import AppError
from kit.http import Response, ok


def answer(status: int, body: object) -> Response:
    return Response(status, {}, body if isinstance(body, bytes) else msgspec.json.encode(body))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_good_answer_is_passed_on(status: int) -> None:
    good = answer(status, b"whatever")
    assert ok(good) is good


@pytest.mark.parametrize("status", errors.BY_STATUS)
def test_a_refusal_keeps_its_kind_its_words_and_what_else_it_says(status: int) -> None:
    problem = {
        "type": "about:blank#x",
        "title": "X",
        "status": status,
        "detail": "Not today.",
        "request_id": "r",
        "fields": {"name": ["Too long."]},
    }
    with pytest.raises(AppError) as refused:
        ok(answer(status, problem))
    assert type(refused.value) is errors.BY_STATUS[status]
    assert str(refused.value) == refused.value.detail == "Not today."
    assert refused.value.extra == {"request_id": "r", "fields": {"name": ["Too long."]}}


@pytest.mark.parametrize("status", [301, 302, 304, 402, 405, 418, 422, 500, 502])
def test_any_other_status_means_that_the_neighbour_is_not_well(status: int) -> None:
    with pytest.raises(errors.Unavailable) as refused:
        ok(answer(status, {"detail": "Something went wrong on our side.", "fields": {}}))
    assert type(refused.value) is errors.Unavailable
    assert refused.value.extra == {"upstream_status": status}


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[]", b"[1]", b'"text"', b"1", b"null", b"{}", b'{"detail": ""}']
)
def test_a_refusal_without_words_is_still_that_refusal(body: bytes) -> None:
    with pytest.raises(errors.NotFound) as refused:
        ok(answer(404, body))
    assert (refused.value.detail, refused.value.extra) == ("The request was refused.", {})


def test_a_refusal_may_say_anything_else() -> None:
    odd = {"detail": ["a", 1], "self": 1, "extra": 2, "cls": 3, "args": [4]}
    with pytest.raises(errors.Conflict) as refused:
        ok(answer(409, odd))
    assert refused.value.detail == "['a', 1]"
    assert refused.value.extra == {"self": 1, "extra": 2, "cls": 3, "args": [4]}


def test_each_refusal_has_a_status_of_its_own() -> None:
    assert sorted(errors.BY_STATUS) == [400, 401, 403, 404, 409, 413, 429, 503, 504]
    assert len({kind.slug for kind in errors.BY_STATUS.values()}) == len(errors.BY_STATUS)
