"""Runs of the command that end badly at a chosen moment.

`Nursery` is a process that has loaded femcrust and forks a child for every run: children are cheap,
and whatever becomes of one touches nobody else. Moments are counted in the child: a solve, a step
that is done, a piece of a checkpoint that is written, fsync, rename, the start of a phase.

    {"folder": …, "resume": false, "moment": "any", "at": 7, "then": "kill"}
    {"folder": …, "command": "greens", "memory": bytes more than now, "file": bytes of a file}
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

PHASES = {
    "mesh": ("femcrust.model", "case_mesh"),
    "setup": ("femcrust.preconditioners", "of_case"),
    "each solve": ("femcrust.solvers", "solve_many"),
}
SIGNALS = {"term": [signal.SIGTERM], "interrupt twice": [signal.SIGINT, signal.SIGINT]}
Outcome = dict[str, Any]  # status (negative: the signal), moments, said


class Nursery:
    """`run` waits for one run; a context manager."""

    def __enter__(self) -> Nursery:
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # fork wants that
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **single},
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def run(self, folder: Path, **wish: Any) -> Outcome:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"folder": str(folder), **wish}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the nursery has died"
        found: Outcome = json.loads(answer)
        return found


class Moments:
    """Counts moments of a kind, and acts at one of them."""

    def __init__(self, wish: dict[str, Any]) -> None:
        self.kind, self.at = wish.get("moment", "any"), wish.get("at", -1)
        self.then = wish.get("then", "kill")
        self.count = 0

    def passes(self, kind: str) -> bool:
        """Whether it is the one."""
        if self.kind in ("any", kind):
            self.count += 1
            return self.count == self.at
        return False

    def act(self) -> None:
        if self.then == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.then == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.then == "memory":
            raise MemoryError
        for number in SIGNALS[self.then]:
            os.kill(os.getpid(), number)

    def before(self, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            if self.passes(kind):
                self.act()
            return function(*given, **named)

        return watched


class TornFile:
    """Of the piece that is written at the moment, a half comes to the disk."""

    def __init__(self, file: BinaryIO, moments: Moments) -> None:
        self.file, self.moments = file, moments

    def write(self, piece: Any) -> None:
        if self.moments.passes("write"):
            self.file.write(memoryview(piece)[: len(piece) // 2])
            self.file.flush()
            self.moments.act()
        self.file.write(piece)


def child(wish: dict[str, Any]) -> int:
    """The run itself, watched; its status."""
    from femcrust.checkpoint import generations, keeper
    from femcrust.cli import main

    steps: Any = importlib.import_module("femcrust.timestepping.steps")
    moments, write = Moments(wish), generations.write
    generations.write = lambda file, tree: write(TornFile(file, moments), tree)  # type: ignore[arg-type]
    steps.solve = moments.before("solve", steps.solve)
    done = moments.before("step", keeper.Keeper.step_done)
    keeper.Keeper.step_done = done  # type: ignore[method-assign]
    os.fsync, os.replace = moments.before("sync", os.fsync), moments.before("rename", os.replace)
    for kind, (module, name) in PHASES.items():
        place = importlib.import_module(module)
        setattr(place, name, moments.before(kind, getattr(place, name)))
    limit(wish)
    words = [
        wish.get("command", "run"),
        "case.yaml",
        *(["--resume"] if wish.get("resume") else []),
        *wish.get("words", []),
    ]
    status = main(words)
    Path("moments").write_text(str(moments.count))
    return status


def limit(wish: dict[str, Any]) -> None:
    """Of memory, where forecasts would say so before anything else fails; of a file's size."""
    if "memory" in wish:
        from femcrust import machine
        from femcrust.mesh import octree

        def unlimited(*given: Any, **named: Any) -> None:
            real, machine.physical_memory = machine.physical_memory, lambda: 1 << 60
            try:
                check(*given, **named)
            finally:
                machine.physical_memory = real

        check, machine.check_memory = machine.check_memory, unlimited
        octree.check_memory = unlimited
        machine.check_start = lambda: None
        held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        resource.setrlimit(resource.RLIMIT_AS, (held + wish["memory"],) * 2)
        machine.live_within_limits()
    if "file" in wish:
        resource.setrlimit(resource.RLIMIT_FSIZE, (wish["file"],) * 2)


def attempt(wish: dict[str, Any]) -> Outcome:
    """Fork, wait, tell; `after` kills after so many seconds instead."""
    folder = Path(wish["folder"])
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored behind a shell's &
            os.chdir(folder)
            said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(said, 1)
            os.dup2(said, 2)
            status = child(wish)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(status)
    if "after" in wish:
        time.sleep(wish["after"])
        os.kill(pid, signal.SIGKILL)  # of a child that nobody has waited for: the pid is its own
    began = time.perf_counter()
    _, status = os.waitpid(pid, 0)
    count = folder / "moments"
    return {
        "status": os.waitstatus_to_exitcode(status),
        "said": (folder / "said").read_text(),
        "moments": int(count.read_text()) if count.exists() else 0,
        "seconds": time.perf_counter() - began,
    }


if __name__ == "__main__":
    import femcrust.outputs.series
    import femcrust.run  # noqa: F401
    from femcrust import _core  # noqa: F401

    for line in sys.stdin:
        print(json.dumps(attempt(json.loads(line))), flush=True)
