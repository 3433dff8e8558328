"""What a valid project.yaml yields."""

import msgspec

RUN_ALL = "run_all"


class PipelineError(Exception):
    """`kind` is the slug of the rule, `line` counts from 1 when it is known."""

    def __init__(self, kind: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.line = line


class Action(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    run: str
    image: str = ""  # the first word of `run`, with its version
    needs: tuple[str, ...] = ()
    outputs: dict[str, dict[str, str]] = {}  # level -> name -> path
    is_database: bool = False
    line: int = 0


class Pipeline(msgspec.Struct, frozen=True, kw_only=True):
    """Actions in file order, never sorted."""

    version: float
    actions: tuple[Action, ...]

    def with_dependencies(self, names: set[str]) -> set[str]:
        """`names` and everything they need; run_all needs all."""
        by_name = {action.name: action for action in self.actions}
        found: set[str] = set()
        todo = list(by_name) if RUN_ALL in names else list(names)
        while todo:
            name = todo.pop()
            if name in by_name and name not in found:
                found.add(name)
                todo += by_name[name].needs
        return found
