"""Where the actions of a pipeline stand in a picture: layers by dependency, few crossings."""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import msgspec

NODE_WIDTH, NODE_HEIGHT = 200, 58
_COLUMN, _ROW, _TOP, _LEFT = 242, 74, 6, 2
_TRACK = 18  # height of the way past a layer
_TURNS = 12

Point = tuple[str, str, int]  # (action, "", 0), or the way from one action to another past a layer
Neighbours = dict[Point, list[Point]]


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
    nodes: list[Node]
    edges: list[Edge]


def layout(needs: Mapping[str, Sequence[str]]) -> Layout:
    """`needs` maps each action to what it needs; unknown needs and cycles are tolerated."""
    return _layout(tuple((name, tuple(wanted)) for name, wanted in needs.items()))


@lru_cache(maxsize=256)  # a page that is watched is drawn again at every change
def _layout(pipeline: tuple[tuple[str, tuple[str, ...]], ...]) -> Layout:
    needs = dict(pipeline)
    depth = depths(needs)
    layers: list[list[Point]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in needs:
        layers[depth[name]].append((name, "", 0))
    ways = {
        (need, name): _way(need, name, depth)
        for name in needs
        for need in dict.fromkeys(needs[name])
        if need in depth and depth[need] < depth[name]
    }
    for way in ways.values():
        for point in way[1:-1]:
            layers[point[2]].append(point)
    _untangle(layers, list(ways.values()))
    places, height = _places(layers)
    return Layout(
        width=_LEFT * 2 + max(0, len(layers) - 1) * _COLUMN + NODE_WIDTH,
        height=_TOP + height,
        nodes=[Node(p[0], *places[p]) for layer in layers for p in layer if not p[1]],
        edges=[Edge(need, name, _curve([places[p] for p in way])) for (need, name), way in ways.items()],
    )


def depths(needs: Mapping[str, Sequence[str]]) -> dict[str, int]:
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


def _way(need: str, name: str, depth: Mapping[str, int]) -> list[Point]:
    """From one action to the other, with a point in each layer between, so that it passes no other action."""
    between = [(need, name, layer) for layer in range(depth[need] + 1, depth[name])]
    return [(need, "", 0), *between, (name, "", 0)]


def _untangle(layers: list[list[Point]], ways: Sequence[Sequence[Point]]) -> None:
    """Each point beside the middle of its neighbours, there and back; the best of a few turns is kept."""
    before: Neighbours = {point: [] for layer in layers for point in layer}
    after: Neighbours = {point: [] for layer in layers for point in layer}
    for way in ways:
        for left, right in pairwise(way):
            before[right].append(left)
            after[left].append(right)
    fewest, best = _crossings(layers, before), [list(layer) for layer in layers]
    for turn in range(_TURNS):
        forward = turn % 2 == 0
        order = range(1, len(layers)) if forward else range(len(layers) - 2, -1, -1)
        for index in order:
            row = {point: i for layer in layers for i, point in enumerate(layer)}
            near = before if forward else after
            layers[index].sort(key=lambda p: _middle([row[n] for n in near[p]], row[p]))
        if (found := _crossings(layers, before)) < fewest:
            fewest, best = found, [list(layer) for layer in layers]
    layers[:] = best


def _crossings(layers: Sequence[Sequence[Point]], before: Neighbours) -> int:
    """How often lines between neighbouring layers cross: pairs whose ends are in the other order."""
    total = 0
    for left, right in pairwise(layers):
        row = {point: i for i, point in enumerate(left)}
        ends: list[int] = []
        for _, end in sorted((row[n], i) for i, point in enumerate(right) for n in before[point]):
            total += len(ends) - bisect_right(ends, end)
            insort(ends, end)
    return total


def _middle(rows: list[int], own: int) -> float:
    return sum(rows) / len(rows) if rows else float(own)


def _places(layers: Sequence[Sequence[Point]]) -> tuple[dict[Point, tuple[int, int]], int]:
    """The left upper corner of each point, layers centred, and the height of the highest layer."""
    heights = [sum(_TRACK if point[1] else _ROW for point in layer) for layer in layers]
    highest = max(heights, default=_ROW)
    places: dict[Point, tuple[int, int]] = {}
    for column, layer in enumerate(layers):
        y = _TOP + (highest - heights[column]) // 2
        for point in layer:
            places[point] = (_LEFT + column * _COLUMN, y)
            y += _TRACK if point[1] else _ROW
    return places, highest


def _curve(corners: Sequence[tuple[int, int]]) -> str:
    """Out of the right of the first, straight past the layers between, into the left of the last."""
    (x, y), last = corners[0], len(corners) - 1
    x, y = x + NODE_WIDTH, y + NODE_HEIGHT // 2
    path = f"M{x} {y}"
    for number, (left, top) in enumerate(corners[1:], 1):
        height = top + (NODE_HEIGHT if number == last else _TRACK) // 2
        middle = (x + left) // 2
        path += f"C{middle} {y} {middle} {height} {left} {height}"
        if number < last:
            x, y = left + NODE_WIDTH, height
            path += f"H{x}"
    return path
