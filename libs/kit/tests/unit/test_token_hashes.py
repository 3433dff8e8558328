from kit.tokens import TokenHasher


def test_a_token_has_one_hash_under_each_key_and_another_under_another() -> None:
    hasher = TokenHasher({"k2": "new", "k1": "old"})
    assert hasher.hash("token") == hasher.hash("token")
    assert hasher.candidates("token") == [hasher.hash("token"), TokenHasher({"k1": "old"}).hash("token")]
    assert len({*hasher.candidates("token"), *hasher.candidates("Token"), *hasher.candidates("token ")}) == 6


def test_a_key_that_is_no_longer_listed_recognises_nothing() -> None:
    stored = TokenHasher({"k1": "old"}).hash("token")
    assert stored not in TokenHasher({"k2": "new"}).candidates("token")
    assert stored not in TokenHasher({"k1": "another"}).candidates("token")


def test_any_text_can_be_a_token() -> None:
    hashes = {TokenHasher({"k1": "key"}).hash(text) for text in ("", "é", "\x00", "x" * 100_000)}
    assert len(hashes) == 4
