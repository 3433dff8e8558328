"""YAML text into nodes without recursion: a file of brackets must not end the process."""

from typing import Any

import yaml
from yaml.events import AliasEvent, MappingStartEvent, NodeEvent, ScalarEvent, SequenceStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from jobs.pipeline.model import PipelineError

MAX_DEPTH = 2_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def compose(text: str) -> Node | None:
    """The one document's root, None for none. A node's tag is what somebody wrote, or "".

    Raises yaml.YAMLError, PipelineError for what is nested too deeply.
    """
    root: Node | None = None
    anchors: dict[str, Node] = {}
    open_nodes: list[Any] = []
    events: Any = yaml.parse(text, Loader=_LOADER)
    for event in events:
        mark: Any = event.start_mark
        if isinstance(event, NodeEvent):
            node = _node(event, anchors)
            if open_nodes:
                open_nodes[-1].value.append(node)
            else:
                root = node
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                open_nodes.append(node)
                if len(open_nodes) > MAX_DEPTH:
                    raise PipelineError(
                        "invalid_value", f"Line {mark.line + 1} is nested too deeply.", mark.line + 1
                    )
        elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
            raise yaml.composer.ComposerError(None, None, "a second document begins here", mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = open_nodes.pop()
            if isinstance(closed, MappingNode):
                closed.value = list(zip(closed.value[::2], closed.value[1::2], strict=True))
    return root


def _node(event: Any, anchors: dict[str, Node]) -> Node:
    begin: Any = event.start_mark
    end: Any = event.end_mark
    if isinstance(event, AliasEvent):
        if event.anchor not in anchors:
            raise yaml.composer.ComposerError(None, None, "found undefined alias", begin)
        return anchors[event.anchor]
    node: Node
    if isinstance(event, ScalarEvent):
        node = ScalarNode(event.tag or "", event.value, begin, end, event.style)
    else:
        kind = MappingNode if isinstance(event, MappingStartEvent) else SequenceNode
        node = kind(event.tag or "", [], begin, end)
    if event.anchor is not None:
        anchors[event.anchor] = node
    return node
