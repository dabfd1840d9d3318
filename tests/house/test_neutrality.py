"""The repository belongs to no machine, no registry and no tool: it names none.

The words are written with a ~ inside, so that this file passes its own check.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from house.source_tree import own_files, plant


def spelled(text: str) -> str:
    """The words that a text with ~ in them stands for."""
    return text.replace("~", "")


FOLDERS = spelled("w~ork r~oot sh~ared opt/w~heels").split()
HOSTS = spelled(r"py~pi\.org python~hosted\.org arti~factory npm~js\.(?:org|com)").split()
INDEXES = spelled(r"--(?:extra-)?ind~ex-url --find-li~nks --trusted-ho~st pip\.co~nf\b").split()
MAKERS = spelled(r"cl~aude anth~ropic open~ai chat~gpt gp~t-?\d cop~ilot cod~ex L~LMs?").split()
MAKERS += [spelled("(?:sub-?)?ag~ents?"), spelled("chatb~ots?"), spelled("lang~uage models?")]

ABSOLUTE = re.compile(rf"(?<![\w.)}}])/(?:(?:{'|'.join(FOLDERS)})\b|(?:home|Users)/\w)")
REGISTRY = re.compile("|".join([*HOSTS, *INDEXES]), re.IGNORECASE)
MAKER = re.compile(rf"\b(?:{'|'.join(MAKERS)})\b", re.IGNORECASE)
RULES = {"a path of one machine": ABSOLUTE, "a registry": REGISTRY, "a maker of code": MAKER}


def partial(root: Path) -> list[str]:
    """Lines of text files that name a machine's path, a registry or a tool."""
    found = []
    for path in own_files(root):
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture or an archive
            continue
        for number, line in enumerate(text.splitlines(), 1):
            for kind, rule in RULES.items():
                match = rule.search(line)
                if match:
                    found.append(f"{path.relative_to(root)}:{number}: {kind}: {match.group()}")
    return found


def test_no_machine_registry_or_tool_is_named(root: Path) -> None:
    assert partial(root) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("see /w~ork/main/a.py", "a path"),
        ("path = '/r~oot/.cache'", "a path"),
        ("cd /ho~me/someone/x", "a path"),
        ("DATA=/sh~ared/data", "a path"),
        ("pip install -i https://py~pi.org/simple x", "a registry"),
        ("pip install --ind~ex-url=x", "a registry"),
        ("Written with Cl~aude.", "a maker"),
        ("as the ag~ent said", "a maker"),
    ],
)
def test_planted_line_is_named(line: str, kind: str, tmp_path: Path) -> None:
    plant(tmp_path, {"README.md": f"fine\n{spelled(line)}\n"})
    (found,) = partial(tmp_path)
    assert found.startswith(f"README.md:2: {kind}")


def test_innocent_lines_pass(tmp_path: Path) -> None:
    lines = "reagent of the networks\nhttps://a.org/work/b\nx/work y/root\n../shared/data\n"
    plant(tmp_path, {"README.md": lines + "the root of a tree; a/shared/b; $(HOME)/work\n"})
    assert partial(tmp_path) == []
