"""What the gateway signs for browsers: CSRF tokens and flash messages (I19)."""

import hashlib
import hmac

from itsdangerous import BadSignature, URLSafeTimedSerializer

_FLASH_AGE = 300
Flash = tuple[str, str]  # (state: succeeded, info, warning or error; sentence)


class Signing:
    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._flashes = URLSafeTimedSerializer(secret, salt="flash")

    def csrf(self, session: str) -> str:
        """The token of every form of this session."""
        return hmac.new(self._secret, b"csrf:" + session.encode(), hashlib.sha256).hexdigest()

    def csrf_is_right(self, session: str, token: str) -> bool:
        return hmac.compare_digest(self.csrf(session).encode(), token.encode(errors="replace"))

    def pack(self, flashes: list[Flash]) -> str:
        return str(self._flashes.dumps(flashes))

    def unpack(self, cookie: str) -> list[Flash]:
        """[] for a cookie that is not ours or too old."""
        try:
            return [
                (str(level), str(text)) for level, text in self._flashes.loads(cookie, max_age=_FLASH_AGE)
            ]
        except (BadSignature, TypeError, ValueError):
            return []
