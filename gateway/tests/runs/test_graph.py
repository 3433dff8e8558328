"""The picture of a pipeline: every action in its layer, nothing on top of anything."""

import re

from gateway.runs import graph
from gateway.runs.graph import NODE_HEIGHT, NODE_WIDTH, layout
from hypothesis import given
from hypothesis import strategies as st


@st.composite
def pipelines(draw: st.DrawFn) -> dict[str, list[str]]:
    """Up to 15 actions, each needing some of those before it."""
    names = [f"a{n}" for n in range(draw(st.integers(1, 15)))]
    return {
        name: draw(st.lists(st.sampled_from(names[:n]), max_size=4)) if n else []
        for n, name in enumerate(names)
    }


def points(path: str) -> list[tuple[int, int]]:
    """Where the straight parts of a line begin and end, alternately."""
    found: list[tuple[int, int]] = []
    for command, numbers in re.findall(r"([MCH])([^MCH]*)", path):
        values = [int(value) for value in numbers.split()]
        found.append((values[0], found[-1][1]) if command == "H" else (values[-2], values[-1]))
    return found


@given(pipelines())
def test_no_action_stands_on_another_and_all_are_in_the_picture(needs: dict[str, list[str]]) -> None:
    drawn = layout(needs)
    assert [node.name for node in sorted(drawn.nodes, key=lambda n: list(needs).index(n.name))] == list(needs)
    for one in drawn.nodes:
        assert 0 <= one.x <= drawn.width - NODE_WIDTH
        assert 0 <= one.y <= drawn.height - NODE_HEIGHT
        for other in drawn.nodes:
            apart = one is other or one.x != other.x or abs(one.y - other.y) >= NODE_HEIGHT
            assert apart, (one, other)


@given(pipelines())
def test_every_need_is_one_line_that_passes_no_other_action(needs: dict[str, list[str]]) -> None:
    drawn = layout(needs)
    at = {node.name: node for node in drawn.nodes}
    assert {(e.source, e.target) for e in drawn.edges} == {(n, name) for name in needs for n in needs[name]}
    for edge in drawn.edges:
        line = points(edge.path)
        source, target = at[edge.source], at[edge.target]
        assert line[0] == (source.x + NODE_WIDTH, source.y + NODE_HEIGHT // 2)
        assert line[-1] == (target.x, target.y + NODE_HEIGHT // 2)
        for (left, height), (right, _) in zip(line[1::2], line[2::2], strict=False):
            for node in drawn.nodes:
                beside = node.x + NODE_WIDTH <= left or node.x >= right
                assert beside or not node.y <= height <= node.y + NODE_HEIGHT, (edge, node)


def test_an_action_stands_right_of_all_it_needs() -> None:
    drawn = layout({"a": [], "b": ["a"], "c": ["a", "b"], "d": []})
    at = {node.name: node.x for node in drawn.nodes}
    assert at["a"] == at["d"] < at["b"] < at["c"]


def test_a_circle_and_an_unknown_need_are_drawn_as_far_as_possible() -> None:
    drawn = layout({"a": ["b"], "b": ["a"], "c": ["c", "nowhere"]})
    assert {node.name for node in drawn.nodes} == {"a", "b", "c"}
    assert graph.depths({"a": ["a"]}) == {"a": 0}


def test_nothing_is_a_picture_of_nothing() -> None:
    assert layout({}).nodes == []
