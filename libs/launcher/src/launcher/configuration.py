"""Which process gets which variables, for the embedded stack; each gets only its own (docs/invariants.md)."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from contracts.catalogue import SERVICES
from kit import keys

from launcher.embedded.nats import USERS

BACKENDS = "tpp,emis,test"

# What may be set from outside, and who needs it. The sandbox stands in for what is not set.
OUTSIDE: dict[str, tuple[str, ...]] = {
    "GITHUB_URL": ("identity",),
    "GITHUB_BROWSER_URL": ("identity", "gateway"),
    "GITHUB_API_URL": ("identity", "jobs", "notifications"),
    "JOBSERVER_GITHUB_TOKEN": ("identity", "jobs", "notifications"),
    "SOCIAL_AUTH_GITHUB_KEY": ("identity",),
    "SOCIAL_AUTH_GITHUB_SECRET": ("identity",),
    "RAP_API_BASE_URL": ("jobs",),
    "RAP_API_TOKEN": ("jobs",),
    "RAP_API_POLL_INTERVAL": ("jobs",),
    "RAP_API_FIRST_POLL": ("jobs",),
    "BACKEND_POLL_INTERVAL": ("jobs",),
    "OPENCODELISTS_URL": ("jobs",),
    "SQLRUNNER_PROJECTS": ("jobs",),
    "DISABLE_CREATING_JOBS": ("jobs",),
    "SLACK_API_URL": ("notifications",),
    "SLACK_BOT_TOKEN": ("notifications",),
    "SMTP_URL": ("notifications",),
    "EMAIL_FROM": ("notifications",),
    "DEFAULT_OUTPUT_CHECKING_GITHUB_ORG": ("notifications",),
    "DEFAULT_OUTPUT_CHECKING_GITHUB_REPO": ("notifications",),
    "DEFAULT_OUTPUT_CHECKING_SLACK_CHANNEL": ("notifications",),
    "REGISTRATIONS_SLACK_CHANNEL": ("notifications",),
    "OUTPUT_CHECKING_REPOS": ("notifications",),
    "INTERNAL_ORG": ("notifications",),
    "RELEASE_STORAGE": ("releases",),
    "RELEASE_FILE_SIZE_LIMIT": ("releases",),
    "PERMISSIONS_DIR": ("projects",),
    "METRICS_TOKEN": ("gateway",),
    "LOG_LEVEL": (*SERVICES, "gateway"),
}


# The outside world by system. Whoever gives an address of one means that system itself: then nothing of its
# stand-in is used, and what is `needed` of it has no value that could be guessed.
@dataclass(frozen=True)
class System:
    addresses: tuple[str, ...]
    needed: tuple[str, ...] = ()


SYSTEMS = {
    "github": System(
        ("GITHUB_URL", "GITHUB_BROWSER_URL", "GITHUB_API_URL"),
        ("SOCIAL_AUTH_GITHUB_KEY", "SOCIAL_AUTH_GITHUB_SECRET"),
    ),
    "rap": System(("RAP_API_BASE_URL",), ("RAP_API_BASE_URL", "RAP_API_TOKEN")),
    "opencodelists": System(("OPENCODELISTS_URL",)),
    "slack": System(("SLACK_API_URL",), ("SLACK_BOT_TOKEN",)),
    "mailbox": System(("SMTP_URL",)),
}


@dataclass
class Secrets:
    """Made once per home and kept in a file that only its owner reads."""

    postgres: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    databases: dict[str, str] = field(default_factory=dict)
    nats: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, list[str]] = field(default_factory=dict)
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    token_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    rap_token: str = field(default_factory=lambda: secrets.token_hex(20))

    @classmethod
    def of(cls, home: Path) -> "Secrets":
        file = home / "secrets.json"
        if file.exists():
            return cls(**json.loads(file.read_text()))
        made = cls(
            databases={role: secrets.token_urlsafe(24) for s in SERVICES for role in (s, f"{s}_owner")},
            nats={user: secrets.token_urlsafe(24) for user in USERS},
            pairs={name: list(keys.new_pair()) for name in (*SERVICES, "gateway")},
        )
        temporary = file.with_suffix(".new")  # killed half-way, there is no file
        temporary.touch(0o600)
        temporary.write_text(json.dumps(made.__dict__))
        temporary.replace(file)
        return made


def read_dotenv(file: Path) -> dict[str, str]:
    """`NAME=value` lines; quotes around a value go."""
    if not file.exists():
        return {}
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#") and "=" in line)
    return {name.strip().removeprefix("export "): value.strip().strip("'\"") for name, value in pairs}


@dataclass
class Plan:
    """Everything the processes are told."""

    home: Path
    secrets: Secrets
    ports: dict[str, int]  # process name -> port; also "postgres", "nats", "smtp"
    sandbox: bool
    outside: dict[str, str]

    @property
    def base_url(self) -> str:
        return self.outside.get("BASE_URL") or f"http://localhost:{self.ports['gateway']}"

    def database_url(self, role: str) -> str:
        password = self.secrets.databases[role]
        return f"postgresql://{role}:{password}@127.0.0.1:{self.ports['postgres']}/jobserver"

    def nats_url(self, user: str) -> str:
        return f"nats://{user}:{self.secrets.nats[user]}@127.0.0.1:{self.ports['nats']}"

    def environment(self, process: str) -> dict[str, str]:
        """Of `jobs`, `jobs-worker`, `gateway` or `sandbox`: nothing of anybody else's."""
        service = process.removesuffix("-worker")
        base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
        base["PORT"] = str(self.ports[process])
        if process == "sandbox":
            return base | {
                "SMTP_PORT": str(self.ports["smtp"]),
                "SANDBOX_HOME": str(self.home / "sandbox"),
                "RAP_API_TOKEN": self.outside.get("RAP_API_TOKEN") or self.secrets.rap_token,
                "SANDBOX_BACKENDS": BACKENDS,
            }
        base |= {
            "BASE_URL": self.base_url,
            "NATS_URL": self.nats_url(service),
            "SIGNING_KEY": self.secrets.pairs[service][0],
            "VERIFY_KEYS": ",".join(f"{name}={pair[1]}" for name, pair in self.secrets.pairs.items()),
        }
        base |= {f"{s.upper()}_URL": f"http://127.0.0.1:{self.ports[s]}" for s in SERVICES}
        if service == "gateway":
            base["SECRET_KEY"] = self.outside.get("SECRET_KEY") or self.secrets.secret_key
        else:
            base["DATABASE_URL"] = self.database_url(service)
        if service == "identity":
            base["TOKEN_KEYS"] = f"k1={self.secrets.token_key}"
        if service == "releases":
            base["RELEASE_STORAGE"] = str(self.home / "releases")
        given = self._stand_ins() | self.outside
        return base | {name: given[name] for name, who in OUTSIDE.items() if service in who and name in given}

    @property
    def stood_in(self) -> list[str]:
        """The systems that the sandbox stands in for."""
        if not self.sandbox:
            return []
        return [
            name
            for name, system in SYSTEMS.items()
            if not any(self.outside.get(address) for address in system.addresses)
        ]

    @property
    def missing(self) -> list[str]:
        """Variables without which the real systems cannot be used."""
        real = SYSTEMS.keys() - set(self.stood_in) if self.sandbox else {"rap"}
        needed = [variable for name, system in SYSTEMS.items() if name in real for variable in system.needed]
        return [variable for variable in needed if not self.outside.get(variable)]

    def _stand_ins(self) -> dict[str, str]:
        return {k: v for name in self.stood_in for k, v in self._stand_in_for()[name].items()}

    def _stand_in_for(self) -> dict[str, dict[str, str]]:
        url = f"http://127.0.0.1:{self.ports['sandbox']}"
        browser = f"http://localhost:{self.ports['sandbox']}"
        return {
            "github": {
                "GITHUB_URL": f"{url}/github",
                "GITHUB_BROWSER_URL": f"{browser}/github",
                "GITHUB_API_URL": f"{url}/github/api",
                "SOCIAL_AUTH_GITHUB_KEY": "sandbox",
                "SOCIAL_AUTH_GITHUB_SECRET": "sandbox",
                "JOBSERVER_GITHUB_TOKEN": "",
            },
            "rap": {
                "RAP_API_BASE_URL": f"{url}/rap/controller/v1/",
                "RAP_API_TOKEN": self.secrets.rap_token,
                "RAP_API_FIRST_POLL": "0.5",
                "BACKEND_POLL_INTERVAL": "10",
            },
            "opencodelists": {"OPENCODELISTS_URL": f"{url}/opencodelists"},
            "slack": {"SLACK_API_URL": f"{url}/slack/api/", "SLACK_BOT_TOKEN": "sandbox"},
            "mailbox": {"SMTP_URL": f"smtp://127.0.0.1:{self.ports['smtp']}"},
        }
