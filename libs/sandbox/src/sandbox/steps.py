"""The demo world where each service has a container of its own, and nobody else its variables.

`python -m sandbox.steps write` leaves the commands in a folder that all of them see, each service runs its
own there, and `python -m sandbox.steps tell` makes of what they said what people must know.
"""

import json
import os
import sys
from pathlib import Path

from sandbox import demo


def write(world: demo.World) -> None:
    folder = _folder(world)
    folder.mkdir(exist_ok=True)
    people = demo.people()
    if not world.file.exists():  # the token is said once: whatever an earlier try was told is lost
        people.append(demo.NEW_TOKEN)
    for name, lines in (("people", people), ("projects", demo.projects()), ("members", demo.members())):
        text = "".join(json.dumps([*words, "--json"]) + "\n" for words in lines)
        (folder / f"{name}.jsonl").write_text(text)


def tell(world: demo.World) -> None:
    if not demo.told_again(world):
        said = (_folder(world) / "people.said").read_text().splitlines()
        demo.tell(world, demo.token_in([json.loads(line) for line in said]))
    print(
        f"The demo world is at {world.base_url}, its mails, issues and jobs at {world.url}. Log in as one of:"
    )
    for name, roles in demo.ROLES.items():
        print(f"  {name:8} {', '.join(roles) or 'nobody yet'}")


def _folder(world: demo.World) -> Path:
    return world.home / "demo"


def main() -> None:
    world = demo.World(
        home=Path(os.environ["SANDBOX_HOME"]),
        base_url=os.environ.get("BASE_URL") or f"http://localhost:{os.environ['JOBSERVER_PORT']}",
        url=f"http://localhost:{os.environ['SANDBOX_PORT']}",
    )
    {"write": write, "tell": tell}[sys.argv[1]](world)


if __name__ == "__main__":
    main()
