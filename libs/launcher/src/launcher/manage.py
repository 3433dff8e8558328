"""`./just manage <command>`: runs the owning service's own command line, with that service's variables."""

import json
import os
import sys
from pathlib import Path

from contracts.catalogue import SERVICES

OWNERS = {
    "create_user": "identity",
    "create_backend": "identity",
    "create_org": "identity",
    "add_member": "identity",
    "remove_member": "identity",
    "grant": "identity",
    "revoke": "identity",
    "add_to_backend": "identity",
    "remove_from_backend": "identity",
    "add_to_org": "identity",
    "create_login_token": "identity",
    "create_project": "projects",
    "create_workspace": "projects",
    "set_project_status": "projects",
    "set_copilot": "projects",
    "add_org_to_project": "projects",
    "create_rap": "jobs",
}
# Every service has these: `./just manage <service> check_replicas`.
COMMON: tuple[str, ...] = (
    *("batch", "check_replicas", "rebuild_replicas", "republish_state"),
    *("list_dead_letters", "replay_dead_letter"),
)


def run_file() -> Path:
    return Path(os.environ.get("JOBSERVER_HOME", ".jobserver")).absolute() / "run.json"


def main() -> None:
    words = sys.argv[1:]
    if not words or words[0] in {"-h", "--help"}:
        print("Commands: " + ", ".join(sorted(OWNERS)))
        print(f"For each service, as `<service> <command>`: {', '.join(COMMON)}")
        return
    service = OWNERS.get(words[0])
    if service is None:
        service, words = words[0], words[1:]
    if not run_file().exists():
        sys.exit("No job server is running here: start it with ./just up.")
    processes = json.loads(run_file().read_text())["processes"]
    if service not in SERVICES or service not in processes or not words:
        sys.exit(f"There is no command {' '.join(sys.argv[1:])}. Try ./just manage --help.")
    environment = processes[service]["environment"]
    os.execve(sys.executable, [sys.executable, "-m", f"{service}.cli", *words], environment)


if __name__ == "__main__":
    main()
