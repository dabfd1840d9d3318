"""A case file, what it extends and what overrides it, as a checked Case.

What comes later goes before: extends, the file, FEMCRUST_BACKEND, --set in their order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from femcrust.case.complaints import as_input_error, printable, spelt
from femcrust.case.document import LARGEST_FILE, Node, merged, read_document
from femcrust.case.schema import Case
from femcrust.case.section import Reading, Section
from femcrust.errors import InputError
from femcrust.units import shown

MOST_BASES = 10  # files in one chain of extends
BACKEND_VARIABLE = "FEMCRUST_BACKEND"

Root = TypeVar("Root", bound=Section)


def load_case(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> Case:
    """Read and check a case file; every mistake in it is a line of one InputError.

    overrides : 'solver.tolerance=1e-10' and the like, values as in the file
    """
    file = Path(path)
    tree = _with_bases(file, ())
    backend = os.environ.get(BACKEND_VARIABLE)
    if backend:
        origin = printable(f"{BACKEND_VARIABLE}={backend[:60]}")
        tree = merged(tree, _nested(("solver", "backend"), Node(backend, origin, override=True)))
    return _finished(Case, tree, file, overrides)


def load_file(
    root: type[Root], path: str | os.PathLike[str], overrides: Sequence[str] = ()
) -> Root:
    """The same for a file of another kind: its sections are those of `root`."""
    file = Path(path)
    return _finished(root, _with_bases(file, ()), file, overrides)


def build_case(data: Mapping[str, Any], directory: str | os.PathLike[str] = ".") -> Case:
    """A case from plain data as in a file; bare numbers are SI, angles in degrees.

    directory : where relative files in the case start
    """
    return build_section(Case, data, directory)


def build_section(
    root: type[Root], data: Mapping[str, Any], directory: str | os.PathLike[str] = "."
) -> Root:
    """The same for data of another kind."""
    return _checked(root, dict(data), Reading(directory=Path(directory)), None)


def _finished(root: type[Root], tree: Node, file: Path, overrides: Sequence[str]) -> Root:
    """The file with what overrides it, checked."""
    for override in overrides:
        tree = merged(tree, _override(override))
    _refuse_empty(tree, ())
    folder = tree.nearest(("output", "directory"))
    context = Reading(
        directory=file.parent,
        name=str(file),
        bare_numbers=False,
        absolute_output=folder.override,
    )
    return _checked(root, tree.plain(), context, tree)


def _checked(root: type[Root], data: Any, context: Reading, tree: Node | None) -> Root:
    try:
        return root.model_validate(data, context=context)
    except ValidationError as error:

        def place(path: tuple[str | int, ...]) -> str:
            return tree.nearest(path).origin if tree is not None else ""

        raise as_input_error(error, place, root) from None


def _with_bases(file: Path, above: tuple[Path, ...]) -> Node:
    """The file on top of what it extends."""
    tree = read_document(_text(file, above), str(file))
    if tree.value is None:
        raise InputError(f"{file}: is empty; `femcrust init` writes a case to start from")
    if not isinstance(tree.value, dict):
        raise InputError(f"{tree.origin}: a case is a mapping, 'key: value'; this is none")
    base = tree.value.pop("extends", None)
    if base is None:
        return tree
    if not isinstance(base.value, str) or not base.value.strip() or "\0" in base.value:
        raise InputError(f"{base.origin}: extends: {shown(base.plain())} is no file name")
    chain = (*above, file.resolve())
    target = file.parent / base.value
    if target.resolve() in chain:
        raise InputError(f"{base.origin}: extends: {base.value!r} extends this file; remove one")
    if len(chain) > MOST_BASES:
        raise InputError(f"{base.origin}: extends: more than {MOST_BASES} files; merge some")
    try:
        return merged(_with_bases(target, chain), tree)
    except _Unreadable as error:
        raise InputError(f"{base.origin}: extends: {error}") from None


class _Unreadable(InputError):
    """A file that cannot be read as text."""


def _text(file: Path, above: tuple[Path, ...]) -> str:
    try:
        if file.is_dir():
            raise _Unreadable(f"{file}: is a folder; name the case file in it")
        if file.exists() and not file.is_file():
            raise _Unreadable(f"{file}: is no regular file; name a case file")
        if file.stat().st_size > LARGEST_FILE:
            raise _Unreadable(f"{file}: is above {LARGEST_FILE // 10**6} MB; this is no case file")
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Unreadable(
            f"{file}: is not UTF-8 (byte {error.start}); save it as UTF-8 text"
        ) from None
    except FileNotFoundError:
        remedy = "" if above else "; `femcrust init` writes a case to start from"
        raise _Unreadable(f"{file}: there is no such file{remedy}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _Unreadable(f"{str(file)!r}: cannot be read: {reason}") from None


def _override(text: str) -> Node:
    """The tree of 'a.b.c=value'."""
    key, equals, value = text.partition("=")
    origin = printable(f"--set {text if len(text) <= 100 else text[:97] + '...'}")
    names = tuple(name.strip() for name in key.split("."))
    if not equals or not all(names):
        raise InputError(f"{origin}: is no override; write e.g. --set solver.tolerance=1e-10")
    if len(names) > 20:
        raise InputError(f"{origin}: has too many dots; a case has no such key")
    return _nested(names, read_document(value, origin, override=True))


def _nested(names: tuple[str, ...], node: Node) -> Node:
    for name in reversed(names):
        node = Node({name: node}, node.origin, override=True)
    return node


def _refuse_empty(node: Node, path: tuple[str | int, ...]) -> None:
    """A key without a value is a slip of the pen; from --set it removes the key."""
    if isinstance(node.value, dict):
        for key, inner in node.value.items():
            if inner.value is None and not inner.override:
                where = spelt((*path, key))
                raise InputError(f"{inner.origin}: {where}: is empty; give a value or remove it")
            _refuse_empty(inner, (*path, key))
    elif isinstance(node.value, list):
        for i, inner in enumerate(node.value):
            _refuse_empty(inner, (*path, i))
