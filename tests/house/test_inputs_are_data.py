"""What a user's files say is data: no text of them is run, nothing in them is unpickled.

Every module of the package is looked through for what could do so; each exception has its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

# Names that run text, or load what runs itself.
NEVER = {
    "eval", "exec", "compile", "__import__", "breakpoint",
    "pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "runpy", "code",
}  # fmt: skip
# As an attribute of anything: os.system, yaml.load, numpy.fromregex …
NEVER_OF = {"system", "popen", "unsafe_load", "full_load", "UnsafeLoader", "FullLoader"}
STARTS = {"run", "Popen", "call", "check_call", "check_output", "execv", "execve", "execvp"}
LOADS = {"np.load", "numpy.load", "np.savez", "np.savez_compressed", "np.save"}


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def suspects(source: str) -> Iterator[tuple[int, str]]:
    """Lines that could run what they read, and why."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            modules = [getattr(node, "module", None) or "", *names]
            for found in sorted({m.partition(".")[0] for m in modules} & NEVER):
                yield node.lineno, f"imports {found}"
        elif isinstance(node, ast.Call):
            name = name_of(node.func)
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            if name in NEVER:
                yield node.lineno, f"calls {name}"
            if "." in name and name.rpartition(".")[2] in NEVER_OF:
                yield node.lineno, f"calls {name}"
            if name in LOADS and not is_false(keywords.get("allow_pickle")):
                yield node.lineno, f"{name} without allow_pickle=False"
            if name == "yaml.load" and "Safe" not in ast.unparse(node):
                yield node.lineno, "yaml.load without a safe loader"
            if "shell" in keywords and not is_false(keywords["shell"]):
                yield node.lineno, "starts a shell"
        elif isinstance(node, ast.Attribute) and node.attr in {"UnsafeLoader", "FullLoader"}:
            yield node.lineno, f"names {node.attr}"


def is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_no_module_runs_or_unpickles_what_it_reads(root: Path) -> None:
    found = [
        f"{path.relative_to(root)}:{line}: {why}"
        for path in sorted((root / "femcrust").rglob("*.py"))
        for line, why in suspects(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        "x = eval(text)",
        "exec(text)",
        "import pickle",
        "from pickle import loads",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.savez(path, a=a)",
        "os.system(text)",
        "yaml.load(text, Loader=yaml.FullLoader)",
        "yaml.load(text)",
        "subprocess.run(text, shell=True)",
        "__import__(text)",
    ],
)
def test_what_is_planted_is_found(planted: str) -> None:
    assert list(suspects(planted))
