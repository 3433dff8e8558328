from datetime import UTC, datetime

from identity.models import User


def user(**more: object) -> User:
    return User(id=1, username="ada", fullname="Ada", github_login="ada", email="a@x", version=3, **more)


def test_github_refreshes_login_name_and_address_but_never_the_username() -> None:
    one = user()
    assert one.refresh_from_github("ada-new", "Ada Okafor", "new@x")
    assert (one.username, one.github_login, one.fullname, one.email) == (
        "ada",
        "ada-new",
        "Ada Okafor",
        "new@x",
    )
    assert one.version == 4


def test_an_edited_name_is_not_overwritten() -> None:
    one = user(fullname_edited_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert not one.refresh_from_github("ada", "Somebody Else", None)
    assert (one.fullname, one.email, one.version) == ("Ada", "a@x", 3)


def test_a_new_address_alone_is_told_to_nobody() -> None:
    one = user()
    assert not one.refresh_from_github("ada", None, "new@x")
    assert (one.email, one.version) == ("new@x", 3)


def test_the_published_state_has_no_address() -> None:
    assert "a@x" not in repr(user(is_active=True).state([2]))
