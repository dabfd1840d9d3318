"""One error that the tests must catch."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    error: str  # what is wrong, in the words of the physics
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
