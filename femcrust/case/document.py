"""YAML text as a tree in which every key and value knows its line.

Built from the parser's events, so nothing is constructed but text, numbers, true/false and null
(YAML 1.2: `1e-8` is a number, `yes` is a text). Tags, merge keys, duplicate keys and recursion
are refused, and the tree is bounded with its aliases expanded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from femcrust.errors import InputError
from femcrust.units import shown

LARGEST_FILE = 10_000_000  # bytes
MOST_NODES = 200_000
DEEPEST = 40

Scalar: TypeAlias = str | int | float | bool | None

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+]?)\.(?:(inf|Inf|INF)|(nan|NaN|NAN))")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# the fast parser where PyYAML was built with it; their events agree
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Node:
    """A value and where it stands, e.g. 'case.yaml:14' or '--set solver.backend=cpu'."""

    value: Scalar | list[Node] | dict[str, Node]
    origin: str
    size: int = field(default=1, compare=False)
    override: bool = False

    def plain(self) -> Any:
        """The value without lines; keys whose value is null are absent."""
        if isinstance(self.value, dict):
            found = {key: node.plain() for key, node in self.value.items()}
            return {key: value for key, value in found.items() if value is not None}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def nearest(self, path: tuple[str | int, ...]) -> Node:
        """The node at a key path, or the last on the way to it that exists."""
        node = self
        for key in path:
            inner = _inside(node, key)
            if inner is None:
                break
            node = inner
        return node


def _inside(node: Node, key: str | int) -> Node | None:
    if isinstance(node.value, dict) and isinstance(key, str):
        return node.value.get(key)
    if isinstance(node.value, list) and isinstance(key, int) and key < len(node.value):
        return node.value[key]
    return None


def read_document(text: str, source: str, *, override: bool = False) -> Node:
    """The tree of a text; `source` is the file's name, or the whole override."""
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER), source, override).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = source if override or mark is None else f"{source}:{mark.line + 1}"
        column = f" at column {mark.column + 1}" if mark is not None else ""
        problem = " ".join(str(error.problem or error.context or "wrong syntax").split())
        raise InputError(f"{at}: not valid YAML{column}: {problem}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        problem = " ".join(str(error).split())[:120]
        raise InputError(f"{source}: not valid YAML: {problem}") from None


def scalar(text: str) -> Scalar:
    """A plain scalar by the rules of YAML 1.2.

    >>> [scalar(t) for t in ("1e-8", "30 GPa", "7", "no", "true", "~")]
    [1e-08, '30 GPa', 7, 'no', True, None]
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if special := _SPECIAL.fullmatch(text):
        sign, infinite, _ = special.groups()
        return math.copysign(math.inf, -1.0 if sign == "-" else 1.0) if infinite else math.nan
    return text


class _Builder:
    """Turns events into nodes; owns the anchors and the count of nodes."""

    def __init__(self, events: Iterator[Any], source: str, override: bool) -> None:
        self.events = events
        self.source = source
        self.override = override
        self.anchors: dict[str, Node | None] = {}  # None while being built
        self.count = 0

    def document(self) -> Node:
        root = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.error(event, "a second document starts here; keep one")
                root = self.node(next(self.events), 0)
        return root or Node(None, self.source if self.override else f"{self.source}:1")

    def origin(self, event: Any) -> str:
        return self.source if self.override else f"{self.source}:{event.start_mark.line + 1}"

    def error(self, event: Any, message: str) -> InputError:
        return InputError(f"{self.origin(event)}: {message}")

    def node(self, event: Any, depth: int, origin: str | None = None) -> Node:
        """The node that starts with this event; `origin` is that of its key, if it has one."""
        origin = origin or self.origin(event)
        if depth > DEEPEST:
            raise self.error(event, f"nested deeper than {DEEPEST}; a case has no such key")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, origin)
        if event.tag is not None and not (isinstance(event, yaml.ScalarEvent) and event.tag == "!"):
            raise self.error(event, f"the tag {shown(event.tag)} has no meaning here; remove it")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            value = self.mapping(depth)
            size = 1 + sum(node.size for node in value.values())
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self.sequence(depth)
            size = 1 + sum(node.size for node in value)
        else:
            value = scalar(event.value) if event.implicit[0] else event.value
            size = 1
        self.counted(event, 1)
        node = Node(value, origin, size, self.override)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, origin: str) -> Node:
        found = self.anchors.get(event.anchor)
        if found is None:
            known = "contains itself" if event.anchor in self.anchors else "is not defined above"
            raise self.error(event, f"the alias *{event.anchor} {known}; write the values out")
        self.counted(event, found.size)
        return Node(found.value, origin, found.size, self.override)

    def counted(self, event: Any, size: int) -> None:
        self.count += size
        if self.count > MOST_NODES:
            raise self.error(event, f"more than {MOST_NODES} values; put tables into CSV files")

    def mapping(self, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(key := next(self.events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent) or key.tag not in (None, "!"):
                raise self.error(key, "a key must be a plain text")
            if key.anchor is not None:
                raise self.error(key, "a key cannot have an anchor; remove it")
            if key.value == "<<":
                raise self.error(key, "<< is not supported; use extends: base.yaml")
            if key.value in found:
                first = found[key.value].origin.rpartition(":")[2]
                where = "" if self.override else f" (first in line {first})"
                message = f"{shown(key.value)} is given twice{where}; keep one"
                raise self.error(key, message)
            found[key.value] = self.node(next(self.events), depth + 1, self.origin(key))
        return found

    def sequence(self, depth: int) -> list[Node]:
        found = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event, depth + 1))
        return found


def merged(base: Node, over: Node) -> Node:
    """`over` on top of `base`: mappings key by key, anything else replaced, null removes a key."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    together = dict(base.value)
    for key, node in over.value.items():
        if key not in together:
            together[key] = node
        elif node.value is None:
            del together[key]
        else:
            together[key] = merged(together[key], node)
    # a key that is missing is missing in the file, not in what was set besides
    return Node(together, base.origin if over.override else over.origin, override=base.override)
