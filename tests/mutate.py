"""Plants errors in a copy of the sources and says which test catches each: `make mutate`.

    python tests/mutate.py [WORD ...]     only the errors whose text holds one of the words
    python tests/mutate.py --list

The copy lives in build/mutate, so that a later run compiles only what changed. An error counts as
caught if a test fails; one that does not build, or that stops pytest from collecting, proves
nothing. Exit status 0 if every error is caught; 1 if one survives, proves nothing, or is not found.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mutations import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parent.parent
PARTS = (
    *("CMakeLists.txt", "cmake", "pyproject.toml", "README.md"),
    *("csrc", "femcrust", "tests", "meshes"),
)
COMPILED = {".hpp", ".cpp", ".h", ".cu", ".cuh"}
TEST_SECONDS = 900  # an error may turn a loop endless; then it is caught by the clock
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class Unproven(Exception):
    """The planted error was neither caught nor missed; the message says why."""


def mirror(source: Path, copy: Path) -> None:
    """Make `copy` hold what `source` holds; a file that is equal keeps its time stamp."""
    kept = set()
    for part in PARTS:
        top = source / part
        paths = top.rglob("*") if top.is_dir() else [top]
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".so":
                target = copy / path.relative_to(source)
                kept.add(target)
                if not target.is_file() or target.read_bytes() != path.read_bytes():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, target)
    for part in PARTS:
        for path in [*(copy / part).rglob("*")]:
            if path.is_file() and path not in kept and path.suffix != ".so":
                path.unlink()


def run(command: Sequence[str], tree: Path, seconds: float | None = None) -> tuple[int, str]:
    """Exit status and output of a command that sees the package of `tree` only."""
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command,
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    return done.returncode, done.stdout


def build(tree: Path) -> None:
    """Compile the core of `tree` into its package, as little of it as needed."""
    if not (tree / "CMakeLists.txt").exists():
        return
    cmake = [sys.executable, "-m", "cmake"]
    folder = str(tree / "build")
    commands = [[*cmake, "--build", folder], [*cmake, "--install", folder, "--prefix", str(tree)]]
    if not (tree / "build" / "build.ninja").exists():
        import pybind11

        tools = [f"-Dpybind11_DIR={pybind11.get_cmake_dir()}", f"-DPython_ROOT_DIR={sys.prefix}"]
        tools.append(f"-DPython_EXECUTABLE={sys.executable}")
        tools += ["-DFEMCRUST_EMULATE=ON", "-DFEMCRUST_CUDA=OFF"]
        ninja = Path(sys.executable).parent / "ninja"
        if ninja.exists():
            tools.append(f"-DCMAKE_MAKE_PROGRAM={ninja}")
        commands.insert(0, [*cmake, "-S", str(tree), "-B", folder, "-G", "Ninja", *tools])
    for command in commands:
        status, output = run(command, tree)
        if status:
            raise Unproven("does not build: " + "; ".join(output.strip().splitlines()[-3:]))


def failing_test(tree: Path, tests: Sequence[str]) -> str | None:
    """Name of the first of `tests` that fails in `tree`; None if all pass."""
    pytest = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "--tb=no",
        "-rfE",
        "-p",
        "no:cacheprovider",
    ]
    try:
        status, output = run([*pytest, *tests], tree, TEST_SECONDS)
    except subprocess.TimeoutExpired:
        return f"no end within {TEST_SECONDS} s"
    if status == 0:
        return None
    caught = FAILED.search(output)
    if status != 1 or not caught:
        last = output.strip().splitlines()[-1:] or ["no output"]
        raise Unproven(f"pytest stopped with status {status}: {last[0]}")
    return caught.group(1)


def caught_by(mutation: Mutation, tree: Path) -> str | None:
    """Plant an error, build, test, and take it out again."""
    path = tree / mutation.file
    original = path.read_text(encoding="utf-8") if path.exists() else ""
    count = original.count(mutation.old)
    if count != 1:
        raise Unproven(f"{mutation.old!r} stands {count} times in {mutation.file}, not once")
    path.write_text(original.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        if path.suffix in COMPILED:
            build(tree)
        return failing_test(tree, mutation.tests)
    finally:
        path.write_text(original, encoding="utf-8")


def examine(mutations: Sequence[Mutation], tree: Path) -> int:
    """Plant each error and print a table; the number of those that no test caught."""
    try:
        build(tree)
        tests = sorted({test for mutation in mutations for test in mutation.tests})
        failing = failing_test(tree, tests)
    except Unproven as reason:
        failing = str(reason)
    if failing:
        print(f"without any error planted: {failing}")
        return len(mutations)
    width = max(len(mutation.error) for mutation in mutations)
    open_cases = 0
    stale = False  # the compiled core still holds the last error
    for mutation in mutations:
        start = time.monotonic()
        compiled = Path(mutation.file).suffix in COMPILED
        try:
            if stale and not compiled:
                build(tree)
            verdict = caught_by(mutation, tree)
            text = f"caught by {verdict}" if verdict else "SURVIVED"
            open_cases += verdict is None
        except Unproven as reason:
            text = f"UNPROVEN: {reason}"
            open_cases += 1
        stale = compiled
        print(f"{mutation.error:{width}}  {text}  ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"{len(mutations) - open_cases} of {len(mutations)} errors caught")
    return open_cases


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("words", nargs="*", help="only errors whose text holds one of these")
    parser.add_argument("--list", action="store_true", help="print the errors and stop")
    asked = parser.parse_args()
    wanted = [m for m in MUTATIONS if not asked.words or any(w in m.error for w in asked.words)]
    if asked.list or not wanted:
        print("\n".join(m.error for m in wanted) or "no such error")
        return 0 if wanted else 1
    tree = ROOT / "build" / "mutate"
    mirror(ROOT, tree)
    return 1 if examine(wanted, tree) else 0


if __name__ == "__main__":
    sys.exit(main())
