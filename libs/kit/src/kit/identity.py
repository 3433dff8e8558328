"""Signing and believing statements of who is asking (docs/architecture.md)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
import msgspec
from contracts.roles import HOLDERS
from contracts.statement import Claims, Statement

from kit import keys
from kit.errors import PermissionDenied

HEADER = "x-job-server-identity"
LIFETIME = 60  # seconds a statement is believed
_REUSE = 30  # seconds a signer hands out the same token, so that receivers' caches hit
_CACHE = 4096


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller as a service sees it. Questions about permissions are answered here and nowhere else."""

    statement: Statement

    @property
    def user(self) -> Claims | None:
        return self.statement.user

    @property
    def user_id(self) -> int | None:
        return self.statement.user.user_id if self.statement.user else None

    @property
    def is_service(self) -> bool:
        return self.statement.kind == "service"

    def may(self, permission: str, project_id: int | None = None) -> bool:
        return may(self.statement.user, permission, project_id)

    def check(self, permission: str, project_id: int | None = None) -> None:
        """Raises PermissionDenied unless the caller holds `permission` (on the project, if one is named)."""
        if not self.may(permission, project_id):
            raise PermissionDenied("You are not allowed to do this.", permission=permission)

    def check_service(self, *names: str) -> None:
        """Raises PermissionDenied unless the caller is one of the named processes speaking for itself."""
        if not (self.is_service and self.statement.iss in names):
            raise PermissionDenied("This is only for other parts of the system.")


def may(user: Claims | None, permission: str, project_id: int | None = None) -> bool:
    """Global roles united with the roles on the project, nothing else (I2)."""
    if user is None:
        return False
    holders = HOLDERS.get(permission, frozenset())
    if not holders.isdisjoint(user.roles):
        return True
    return project_id is not None and any(project_id in user.projects.get(role, ()) for role in holders)


def projects_where(user: Claims | None, permission: str) -> list[int] | None:
    """The projects on which `may` is true, for a query; None when it is true everywhere."""
    if user is None:
        return []
    holders = HOLDERS.get(permission, frozenset())
    if not holders.isdisjoint(user.roles):
        return None
    return sorted({project for role in holders for project in user.projects.get(role, ())})


def backend_refusal(actor: Actor) -> str | None:
    """The reference's words for a missing, empty or wrong backend token; None when it is right."""
    statement = actor.statement
    if statement.kind == "backend":
        return None
    if statement.kind in {"failed", "pat"}:
        return "Invalid token"
    empty = statement.reason == "empty"
    return "Authorization header is empty" if empty else "Authorization header is missing"


class Signer:
    """Makes this process's statements; a service can only speak for itself, the gateway also for others."""

    def __init__(self, name: str, private_key: str) -> None:
        self.name = name
        self._key = keys.private_key(private_key)
        self._cache: dict[bytes, tuple[float, str]] = {}

    def service(self) -> str:
        """A statement in this process's own name."""
        return self.sign(kind="service")

    def sign(
        self,
        *,
        kind: str,
        user: Claims | None = None,
        backend: str | None = None,
        acting: Claims | None = None,
        reason: str | None = None,
    ) -> str:
        now = time.time()
        said = Statement(
            iss=self.name, exp=0, kind=kind, user=user, backend=backend, acting=acting, reason=reason
        )
        cache_key = msgspec.json.encode(said)
        if (hit := self._cache.get(cache_key)) and hit[0] > now:
            return hit[1]
        if len(self._cache) > _CACHE:
            self._cache.clear()
        payload = msgspec.to_builtins(msgspec.structs.replace(said, exp=int(now) + LIFETIME))
        token = jwt.encode(payload, self._key, algorithm="EdDSA")
        self._cache[cache_key] = (now + _REUSE, token)
        return token


class Verifier:
    """Believes statements signed by known issuers; remembers verified ones until they expire."""

    def __init__(self, public_keys: Mapping[str, str]) -> None:
        self._keys = {name: keys.public_key(text) for name, text in public_keys.items()}
        self._cache: dict[str, Actor] = {}

    def verify(self, token: str) -> Actor | None:
        """None for anything that is not a valid, current statement of a known issuer."""
        now = time.time()
        if (hit := self._cache.get(token)) is not None:
            if hit.statement.exp > now:
                return hit
            del self._cache[token]
        actor = self._verify(token)
        if actor is not None:
            if len(self._cache) > _CACHE:
                self._cache.clear()
            self._cache[token] = actor
        return actor

    def _verify(self, token: str) -> Actor | None:
        try:
            issuer = str(jwt.decode(token, options={"verify_signature": False}).get("iss"))
            payload = jwt.decode(
                token, self._keys[issuer], algorithms=["EdDSA"], options={"require": ["exp", "iss"]}
            )
            statement = msgspec.convert(payload, Statement)
        except (jwt.InvalidTokenError, KeyError, TypeError, msgspec.ValidationError):
            return None
        if statement.iss != "gateway" and statement.kind != "service":
            return None
        return Actor(statement)
