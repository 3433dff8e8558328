"""From cookie or Authorization header to a signed statement, remembered shortly (docs/architecture.md)."""

import time
from dataclasses import dataclass

from clients.identity import IdentityClient
from contracts.identity import AccessChanged
from contracts.statement import Claims
from kit import clock
from kit.identity import Signer, may

_REMEMBER = 30.0  # seconds; revocations arrive as AccessChanged long before
_FAILED = 5.0  # a wrong credential is asked about again soon, but not at every call
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """`session` is the cookie's value; `expires` the time until which this answer may be reused."""

    kind: str
    expires: float = 0.0
    user: Claims | None = None
    backend: str | None = None
    acting: Claims | None = None
    reason: str | None = None
    session: str | None = None

    def may(self, permission: str, project_id: int | None = None) -> bool:
        """For showing or hiding a button; the owning service decides again."""
        return may(self.user, permission, project_id)

    def statement(self, signer: Signer) -> str:
        return signer.sign(
            kind=self.kind, user=self.user, backend=self.backend, acting=self.acting, reason=self.reason
        )


ANONYMOUS = Caller("anonymous")


class Callers:
    def __init__(self, identity: IdentityClient) -> None:
        self._identity = identity
        self._known: dict[tuple[str, ...], Caller] = {}

    async def by_session(self, token: str) -> Caller:
        """Anonymous for a session that has ended. Raises Unreachable when identity is away."""
        if hit := self._recall("session", token):
            return hit
        info = await self._identity.session(token)
        if info.user is None:
            return self._keep(ANONYMOUS.kind, _FAILED, "session", token)
        lasts = _REMEMBER
        if info.expires_at is not None:
            lasts = min(lasts, (info.expires_at - clock.now()).total_seconds())
        return self._keep("session", lasts, "session", token, user=info.user, session=token)

    async def by_authorization(self, value: str, os_user: str) -> Caller:
        """A backend's raw token, or `<username>:<token>` of a person's script (A2, I28)."""
        if ":" in value:
            return await self._by_personal_token(value)
        if hit := self._recall("backend", value, os_user):
            return hit
        found = await self._identity.backend(value, os_user or None)
        if found.backend is None:
            return self._keep("failed", _FAILED, "backend", value, os_user, reason="invalid_token")
        return self._keep(
            "backend", _REMEMBER, "backend", value, os_user, backend=found.backend, acting=found.acting
        )

    async def _by_personal_token(self, value: str) -> Caller:
        if hit := self._recall("pat", value):
            return hit
        username, _, token = value.partition(":")
        found = await self._identity.personal_token(username, token)
        if found.user is None:
            reason = "invalid_token" if found.known else "unknown_user"
            return self._keep("failed", _FAILED, "pat", value, reason=reason)
        return self._keep("pat", _REMEMBER, "pat", value, user=found.user)

    def _recall(self, *key: str) -> Caller | None:
        hit = self._known.get(key)
        return hit if hit is not None and hit.expires > time.monotonic() else None

    def _keep(
        self,
        kind: str,
        lasts: float,
        *key: str,
        user: Claims | None = None,
        backend: str | None = None,
        acting: Claims | None = None,
        reason: str | None = None,
        session: str | None = None,
    ) -> Caller:
        if len(self._known) >= _MOST:
            self._known.clear()
        caller = Caller(kind, time.monotonic() + lasts, user, backend, acting, reason, session)
        self._known[key] = caller
        return caller

    def forget(self, changed: AccessChanged) -> None:
        """Rights changed: whoever is meant is asked about anew at their next call."""
        people, backends = set(changed.user_ids), set(changed.backends)
        self._known = {
            key: caller
            for key, caller in self._known.items()
            if not (
                (caller.user and caller.user.user_id in people)
                or (caller.acting and caller.acting.user_id in people)
                or (caller.backend and caller.backend in backends)
                or caller.kind == "failed"
            )
        }

    def forget_session(self, token: str) -> None:
        self._known.pop(("session", token), None)

    def forget_everybody(self) -> None:
        """After a time without news nobody knows what changed."""
        self._known.clear()
