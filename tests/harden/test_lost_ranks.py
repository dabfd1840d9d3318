"""Jobs over ranks of which one is killed at a random moment.

The job ends soon, and --resume completes it to the byte.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faults import Fault, chance, fault, n_faults
from femcrust import comm
from mpi_jobs import LIMIT, SOON, environment, femcrust, ranks_of, write_over_time

__all__ = ["chance", "fault", "n_faults"]  # fixtures
pytest.importorskip("mpi4py")
pytestmark = [
    pytest.mark.harden,
    pytest.mark.mpi,
    pytest.mark.skipif(comm.mpirun() is None, reason="there is no mpirun beside this Python"),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc"),
]
RANKS = 2


def results(folder: Path) -> bytes:
    return (folder / "stations.csv").read_bytes()


def test_a_rank_is_killed_at_any_moment(
    tmp_path: Path, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    """At the start, in a step, inside a checkpoint, while results are written."""
    case = write_over_time(tmp_path)
    began = time.monotonic()
    assert femcrust("run", "--ranks", RANKS, case, "-o", tmp_path / "whole").returncode == 0
    whole = time.monotonic() - began
    wanted = results(tmp_path / "whole")
    for number in range(n_faults):
        with fault("kill -9 of a rank at a random moment"):
            cut = tmp_path / f"cut-{number}"
            words = [sys.executable, "-m", "femcrust", "run", "-q", "--ranks", str(RANKS)]
            job = subprocess.Popen(
                [*words, case, "-o", cut], stderr=subprocess.PIPE, text=True, env=environment()
            )
            time.sleep(chance.uniform(0.2, 1.0) * whole)
            with contextlib.suppress(KeyError, ProcessLookupError):  # too early, or too late
                os.kill(ranks_of(case)[chance.randrange(RANKS)], signal.SIGKILL)
            killed = time.monotonic()
            _, said = job.communicate(timeout=LIMIT)
            assert job.returncode in (0, 7), said
            assert job.returncode == 0 or time.monotonic() - killed < SOON
            assert "Traceback" not in said
            again = femcrust("run", "--ranks", RANKS, "--resume", case, "-o", cut)
            assert again.returncode == 0, again.stderr
            assert results(cut) == wanted
