"""Making secrets, and the one slow hash (I22)."""

import asyncio
import secrets
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_limiter = asyncio.Semaphore(2)  # more would stop both cores
_NOBODY = _hasher.hash("nobody has this token")
WORDS: list[str] = (files("identity") / "words.txt").read_text().split()


def new_token() -> str:
    """256 bits for a cookie."""
    return secrets.token_urlsafe(32)


def new_backend_token() -> str:
    """40 hex characters, the form that Airlock's configuration expects (A2, I26)."""
    return secrets.token_hex(20)


def new_words() -> str:
    """Three words, to be read out or typed."""
    return " ".join(secrets.choice(WORDS) for _ in range(3))


def normal(words: str) -> str:
    """As it is hashed: no blanks around or between."""
    return words.strip().replace(" ", "")


async def slow_hash(words: str) -> str:
    async with _limiter:
        return await asyncio.to_thread(_hasher.hash, normal(words))


async def slow_verify(stored: str | None, words: str) -> bool:
    """Takes as long for somebody who has no token, so that nothing is learnt from the time."""
    async with _limiter:
        try:
            right = await asyncio.to_thread(_hasher.verify, stored or _NOBODY, normal(words))
        except VerificationError:
            return False
    return right and stored is not None
