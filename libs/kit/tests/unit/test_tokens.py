import pytest
from kit.tokens import TokenHasher


def test_a_new_key_is_used_and_the_old_one_still_recognised() -> None:
    old, both = TokenHasher({"k1": "old"}), TokenHasher({"k2": "new", "k1": "old"})
    assert both.hash("token").startswith("k2:")
    assert old.hash("token") in both.candidates("token")
    assert old.hash("token") not in both.candidates("tokem")


def test_the_token_is_not_in_its_hash() -> None:
    assert "a secret" not in TokenHasher({"k1": "key"}).hash("a secret")


def test_without_a_key_there_is_no_hasher() -> None:
    with pytest.raises(ValueError, match="key"):
        TokenHasher({})
