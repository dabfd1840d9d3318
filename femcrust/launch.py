"""`--ranks N`: starts the ranks of a job with the launcher that belongs to this Python's MPI."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from femcrust import comm
from femcrust.errors import InputError, Interrupted, RankLost

OWN = range(7)  # exit statuses that the ranks themselves end with
OPEN_MPI = "--oversubscribe"  # more ranks than cores, which MPICH starts unasked


def launch(ranks: int, words: Sequence[str]) -> int:
    """Run the command of `words` on so many ranks; its exit status."""
    mpirun = comm.mpirun()
    if mpirun is None:
        raise InputError(
            f"--ranks {ranks}: there is no mpirun beside {sys.executable};"
            " pip install 'femcrust[mpi]'"
        )
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True, check=False)
    more = [OPEN_MPI] if "Open MPI" in version.stdout else []
    # -P: this femcrust, whatever lies in the working folder
    python = [sys.executable, "-P", "-m", "femcrust"]
    command = [str(mpirun), "-n", str(ranks), *more, *python, *words]
    process = subprocess.Popen(command)
    try:
        status = process.wait()
    except (Interrupted, KeyboardInterrupt):
        process.terminate()  # the ranks write a checkpoint
        status = process.wait()
    if status in OWN:
        return status
    raise RankLost(
        f"a rank was lost (mpirun ended with {status}); a run over time goes on from its last"
        " checkpoint with --resume"
    )
