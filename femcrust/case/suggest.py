"""The nearest right word to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'; did you mean tolerance?', or the whole list where nothing is near.

    >>> did_you_mean("tolerence", ["tolerance", "backend"])
    '; did you mean tolerance?'
    >>> did_you_mean("x", ["near", "far"])
    '; known: far, near'
    """
    words = sorted(set(known))
    same = [w for w in words if w.lower() == word.lower()]
    near = same or get_close_matches(word[:100], words, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known: {', '.join(words)}" if words else ""
