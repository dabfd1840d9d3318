"""The comments and strings of a source file, where citations stand; and the code without them."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

CPP_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
CPP_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')


def without_comments(cpp: str) -> str:
    """C++ code with comments blanked, line numbers kept."""
    return CPP_COMMENT.sub(lambda match: "\n" * match.group().count("\n"), cpp)


def without_comments_and_strings(cpp: str) -> str:
    """C++ code with comments and string literals blanked, but for the names of included files."""
    lines = without_comments(cpp).split("\n")
    return "\n".join(
        line if line.lstrip().startswith("#") else CPP_STRING.sub('""', line) for line in lines
    )


def prose(path: Path) -> str:
    """What a file says to its reader: comments, and in Python strings too."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return "\n".join(CPP_COMMENT.findall(text))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    spoken = {tokenize.COMMENT, tokenize.STRING}
    return "\n".join(token.string for token in tokens if token.type in spoken)
