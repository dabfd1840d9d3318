"""What pydantic found wrong, as lines for the user: place, key, value, remedy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import ValidationError

from femcrust.case.schema import Case
from femcrust.case.section import COMPLAINT, Section
from femcrust.case.suggest import did_you_mean
from femcrust.errors import InputError
from femcrust.units import shown

MOST_LINES = 10

Path: TypeAlias = tuple[str | int, ...]
KINDS = {
    "string_type": "text",
    "dict_type": "mapping, 'key: value'",
    "model_type": "mapping, 'key: value'",
    "tuple_type": "list, [...]",
    "list_type": "list, [...]",
    "int_type": "whole number",
    "float_type": "number",
    "bool_type": "true or false",
}


def as_input_error(
    error: ValidationError, place: Callable[[Path], str], root: type[Section] = Case
) -> InputError:
    """One line for each mistake, the first ten; `place(path)` is e.g. 'case.yaml:14'."""
    found: dict[str, int] = {}
    for details in error.errors(include_url=False):
        path = _path(details)
        where = place(path)
        line = f"{where}: " if where else ""
        line += f"{spelt(path)}: {_message(details, path, root)}"
        found.setdefault(printable(line), _number(where))
    lines = sorted(found, key=lambda line: found[line])  # from top to bottom, --set first
    more = [f"... and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return InputError("\n".join(lines[:MOST_LINES] + more))


def printable(text: str) -> str:
    """The text on one line of a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _number(where: str) -> int:
    number = where.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


def spelt(path: Path) -> str:
    """'mesh.box.x[0]' of ('mesh', 'box', 'x', 0).

    >>> spelt(("mesh", "box", "x", 0))
    'mesh.box.x[0]'
    """
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = key if key.isprintable() and 0 < len(key) <= 60 else shown(key)
            text += f".{name}" if text else name
    return text or "the case"


def _path(details: Mapping[str, Any]) -> Path:
    at = details.get("ctx", {}).get("at", ()) if details["type"] == COMPLAINT else ()
    place = tuple(details["loc"])
    if place[-1:] == ("[key]",) and details["type"] != "extra_forbidden":
        place = place[:-1]  # pydantic's mark that the key itself is wrong
    return (*place, *at)


def _message(details: Mapping[str, Any], path: Path, root: type[Section]) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == COMPLAINT:
        return str(context["message"])
    if kind == "extra_forbidden":
        return _unknown(path, root)
    if kind == "missing":
        return f"missing{_example(path, root)}"
    if kind == "literal_error":
        wanted = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return f"{shown(value)} is none of {', '.join(wanted)}{_near(value, wanted)}"
    if kind in KINDS:
        quotes = "; put it in quotes" if kind == "string_type" and _is_number(value) else ""
        return f"{_noun(value)} is no {KINDS[kind]}{quotes or _example(path, root)}"
    if kind in ("too_short", "too_long") and isinstance(value, (list, tuple)):
        return f"has {len(value)} values{_example(path, root)}"
    return f"{_noun(value)}: {str(details['msg'])[:1].lower()}{str(details['msg'])[1:]}"


def _unknown(path: Path, root: type[Section]) -> str:
    section = _section(path[:-1], root)
    key = str(path[-1])
    if section is None:
        return "unknown key; remove it"
    if key in section.reserved:
        return section.reserved[key]
    return f"unknown key{did_you_mean(key, _fields(section))}"


def _fields(section: type[Section]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _section(path: Path, root: type[Section]) -> type[Section] | None:
    """The section class at a key path below `root`."""
    annotation: Any = root
    for key in path:
        if isinstance(annotation, type) and issubclass(annotation, Section):
            field = _fields(annotation).get(str(key))
            annotation = _without_none(field.annotation) if field is not None else None
        else:
            inner = [arm for arm in get_args(annotation) if arm is not Ellipsis]
            annotation = _without_none(inner[-1] if inner else None)
    found = _without_none(annotation)
    return found if isinstance(found, type) and issubclass(found, Section) else None


def _without_none(annotation: Any) -> Any:
    """The section among the arms of a union, however nested, or the first arm that is none."""
    if get_origin(annotation) is Annotated:
        return _without_none(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        arms = [_without_none(arm) for arm in get_args(annotation)]
        sections = [a for a in arms if isinstance(a, type) and issubclass(a, Section)]
        return (sections or [a for a in arms if a is not type(None)])[0]
    return annotation


def _example(path: Path, root: type[Section]) -> str:
    """'; write e.g. near: 2 km' where the field has an example."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    section = _section(path[:-1], root) if path else None
    field = _fields(section).get(str(path[-1])) if section is not None else None
    if field is None or not field.examples:
        return ""
    example = field.examples[0]
    text = str(example).replace("'", "") if isinstance(example, list) else example
    return f"; write e.g. {path[-1]}: {text}"


def _noun(value: object) -> str:
    """The value, or what it is where it is large."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    return "nothing" if value is None else shown(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def _near(value: object, wanted: list[str]) -> str:
    hint = did_you_mean(value, wanted) if isinstance(value, str) else ""
    return hint if "mean" in hint else ""
