"""Where the actions of a pipeline stand in a picture: layers by dependency, few crossings."""

from collections.abc import Mapping, Sequence

import msgspec

NODE_WIDTH, NODE_HEIGHT = 200, 58
_COLUMN, _ROW, _TOP, _LEFT = 242, 74, 30, 2


class Node(msgspec.Struct, frozen=True):
    name: str
    x: int
    y: int


class Edge(msgspec.Struct, frozen=True):
    source: str
    target: str
    path: str


class Layout(msgspec.Struct, frozen=True):
    width: int
    height: int
    layers: list[tuple[int, int]]  # (number from 1, x)
    nodes: list[Node]
    edges: list[Edge]


def layout(needs: Mapping[str, Sequence[str]]) -> Layout:
    """`needs` maps each action to what it needs; unknown needs and cycles are tolerated."""
    depth = _depths(needs)
    layers: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in needs:
        layers[depth[name]].append(name)
    _untangle(layers, needs)
    tallest = max((len(layer) for layer in layers), default=0)
    places: dict[str, tuple[int, int]] = {}
    for column, layer in enumerate(layers):
        shift = (tallest - len(layer)) * _ROW // 2
        for row, name in enumerate(layer):
            places[name] = (_LEFT + column * _COLUMN, _TOP + shift + row * _ROW)
    edges = [
        Edge(need, name, _curve(places[need], places[name]))
        for name in needs
        for need in dict.fromkeys(needs[name])
        if need in places and places[need][0] < places[name][0]
    ]
    return Layout(
        width=_LEFT * 2 + max(0, len(layers) - 1) * _COLUMN + NODE_WIDTH,
        height=_TOP + max(1, tallest) * _ROW,
        layers=[(i + 1, _LEFT + i * _COLUMN) for i in range(len(layers))],
        nodes=[Node(name, *places[name]) for layer in layers for name in layer],
        edges=edges,
    )


def _depths(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """One more than the deepest need; a need that leads back to itself counts as none."""
    found: dict[str, int] = {}
    for start in needs:
        stack: list[str] = [start]
        while stack:
            name = stack[-1]
            open_ = [n for n in needs[name] if n in needs and n not in found and n not in stack]
            if open_:
                stack.append(open_[0])
                continue
            found[name] = 1 + max((found[n] for n in needs[name] if n in found), default=-1)
            stack.pop()
    return found


def _untangle(layers: list[list[str]], needs: Mapping[str, Sequence[str]]) -> None:
    """Each action beside the middle of its neighbours, there and back, a few times."""
    users: dict[str, list[str]] = {name: [] for name in needs}
    for name, wanted in needs.items():
        for need in wanted:
            if need in users:
                users[need].append(name)
    for turn in range(4):
        forward = turn % 2 == 0
        order = range(1, len(layers)) if forward else range(len(layers) - 2, -1, -1)
        for index in order:
            row = {name: i for layer in layers for i, name in enumerate(layer)}
            neighbours = needs if forward else users
            layers[index].sort(key=lambda n: _middle([row[m] for m in neighbours[n] if m in row], row[n]))


def _middle(rows: list[int], own: int) -> float:
    return sum(rows) / len(rows) if rows else float(own)


def _curve(source: tuple[int, int], target: tuple[int, int]) -> str:
    x1, y1 = source[0] + NODE_WIDTH, source[1] + NODE_HEIGHT // 2
    x2, y2 = target[0], target[1] + NODE_HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"
