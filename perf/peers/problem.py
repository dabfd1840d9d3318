"""What every solver's process shares: the problem's files, its own peak memory, its answer's form.

Needs NumPy only, so that each peer runs in the environment that has it.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

TOLERANCE = 1e-8  # of the true residual ‖b − K u‖ / ‖b‖
LOADS = ("fault", "random")


@dataclass
class Run:
    """One process: where the problem is, which setting, and what to answer.

    setup : what the Stopwatch says from what is in memory to the first iteration
    solves : load -> what the Stopwatch says, and "iterations"
    counters : numbers that do not depend on the machine;  notes : other numbers
    """

    folder: Path
    out: Path
    setting: str
    setup: dict[str, float] = field(default_factory=dict)
    solves: dict[str, dict[str, float]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def array(self, name: str) -> Any:
        """One of the problem's arrays, in memory."""
        return np.load(self.folder / f"{name}.npy")

    def keep(self, load: str, solution: Any) -> None:
        """Write the solution of a load, (n_free, 3) m, for whoever computes its residual."""
        np.save(self.out / f"u-{load}.npy", solution)

    def finish(self, peak_bytes: int) -> None:
        """Write the answer; `peak_bytes` of all ranks together."""
        answer = {
            **self.setup,
            "solves": self.solves,
            "peak_bytes": peak_bytes,
            "counters": self.counters,
            "notes": self.notes,
        }
        (self.out / "answer.json").write_text(json.dumps(answer), encoding="utf-8")


class Stopwatch:
    """Seconds by the clock and of this process's processors since it was made."""

    def __init__(self) -> None:
        self.clock, self.cpu = time.perf_counter(), time.process_time()

    def read(self, what: str) -> dict[str, float]:
        """{"what_s": by the clock, "what_cpu_s": of all threads}"""
        cpu = time.process_time() - self.cpu
        return {f"{what}_s": time.perf_counter() - self.clock, f"{what}_cpu_s": cpu}


def asked() -> Run:
    """The run that the command line asks for: FOLDER OUT SETTING."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("setting", nargs="?", default="")
    given = parser.parse_args()
    return Run(given.folder, given.out, given.setting)


def peak_bytes() -> int:
    """Peak resident memory of this process since it began: VmHWM, which no parent bequeaths."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM")


def rigid_modes(points: Any) -> Any:
    """Translations and rotations about the middle of points (n, 3), of order one. (3 n, 6)"""
    x, y, z = ((points - points.mean(axis=0)) / np.ptp(points, axis=0).max()).T
    modes = np.zeros((len(points), 3, 6))
    modes[:, 0, 0] = modes[:, 1, 1] = modes[:, 2, 2] = 1.0
    modes[:, 0, 3], modes[:, 1, 3] = -y, x
    modes[:, 1, 4], modes[:, 2, 4] = -z, y
    modes[:, 0, 5], modes[:, 2, 5] = z, -x
    return modes.reshape(-1, 6)
