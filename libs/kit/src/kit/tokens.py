"""Keyed hashes of high-entropy secrets: what is stored can neither be used nor guessed (I29)."""

import hashlib
import hmac
from collections.abc import Mapping


class TokenHasher:
    """`keys` maps a key id to a secret, the newest first; old ones stay valid for stored hashes."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        if not keys:
            raise ValueError("At least one token key is needed.")
        self._keys = {key_id: secret.encode() for key_id, secret in keys.items()}

    def hash(self, token: str) -> str:
        """`<key id>:<hex>` under the newest key."""
        return self._under(next(iter(self._keys)), token)

    def candidates(self, token: str) -> list[str]:
        """Every form in which this token may be stored."""
        return [self._under(key_id, token) for key_id in self._keys]

    def _under(self, key_id: str, token: str) -> str:
        return f"{key_id}:{hmac.new(self._keys[key_id], token.encode(), hashlib.sha256).hexdigest()}"
