"""Runs over time that are killed, stopped, or left without disk or memory at random moments.

Each is completed by --resume: its results are those of a run that nothing disturbed, to the byte.
"""

from __future__ import annotations

import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from faults import Fault, chance, fault, n_faults, nursery, trials
from trials import Trials, contents, desk

__all__ = ["chance", "fault", "n_faults", "nursery", "trials"]  # fixtures
pytestmark = pytest.mark.harden

STEPS = ("solve", "step", "write", "sync", "rename", "any")


def one_line(said: str) -> str:
    """The last line, which is the message; nothing else may look like an accident."""
    assert "Traceback" not in said
    assert "bug" not in said
    return said.splitlines()[-1]


def moment(trials: Trials, chance: random.Random, kind: str) -> dict[str, Any]:
    """One of those of a kind that an undisturbed run passes."""
    if kind not in trials.counts:
        trials.counts[kind] = trials.ended(moment=kind)[1]["moments"]
    return {"moment": kind, "at": chance.randint(1, trials.counts[kind])}


def test_killed_at_any_moment(
    trials: Trials, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    """Half at counted moments, half by the clock; every third once more after it was resumed."""
    for k in range(n_faults):
        with fault("kill -9 at a random moment"):
            if k % 2:
                wish = moment(trials, chance, "any")
            else:
                wish = {"after": chance.uniform(0, 1.2 * trials.whole["seconds"])}
            place, found = trials.ended(**wish)
            assert found["status"] in (0, -9)
            if k % 3 == 0:
                trials.nursery.run(place, resume=True, **moment(trials, chance, "any"))
            trials.completed(place)


def test_killed_inside_a_checkpoint(
    trials: Trials, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    for kind in ("write", "sync", "rename"):
        for _ in range(max(1, n_faults // 4)):
            with fault("kill -9 inside a checkpoint or a result"):
                place, found = trials.ended(**moment(trials, chance, kind))
                assert found["status"] == -9
                trials.completed(place)


def test_a_full_disk_at_any_moment(
    trials: Trials, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    for _ in range(n_faults):
        for kind in ("write", "sync", "rename"):
            with fault("disk full at a random moment"):
                place, found = trials.ended(**moment(trials, chance, kind), then="full")
                harmless = {0} if kind == "sync" else set()  # of a folder: some systems refuse it
                assert found["status"] in {6} | harmless, found["said"]
                if found["status"] == 6:
                    assert "No space left on device" in one_line(found["said"])
                trials.completed(place)


def test_files_that_may_not_grow(
    trials: Trials, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    """RLIMIT_FSIZE, which stands for quotas of all sorts."""
    for _ in range(n_faults):
        with fault("limit on the size of files"):
            size = int(10 ** chance.uniform(1, 5.3))
            place, found = trials.ended(file=size)
            assert found["status"] == 6, found["said"]
            assert "File too large" in one_line(found["said"])
            trials.completed(place)


def test_no_memory_at_any_moment(
    trials: Trials, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    for k in range(n_faults):
        with fault("no memory at a random moment"):
            kind = STEPS[k % len(STEPS)]
            place, found = trials.ended(**moment(trials, chance, kind), then="memory")
            assert found["status"] == 4, found["said"]
            assert re.match(r"not enough memory: .* GiB, and this", one_line(found["said"]))
            trials.completed(place)


def test_every_limit_on_memory(trials: Trials, fault: Fault, n_faults: int) -> None:
    """From hardly more than the libraries take to enough, with forecasts out of the way.

    At the very edge NumPy or Python may end the process themselves (machine.live_within_limits);
    nothing is lost then either, and it may happen to one in twenty, or to one of a few.
    """
    ended = list[int]()
    for k in range(4 * n_faults):
        with fault("limit on memory (RLIMIT_AS)"):
            place, found = trials.ended(memory=(6 << 20) + k * (24 << 20) // (4 * n_faults))
            ended.append(found["status"])
            if found["status"] == 4:
                assert re.search(r"needs? .*\d GiB, and this process may use", found["said"])
                one_line(found["said"])
            trials.completed(place)
    assert 4 in ended
    untold = [status for status in ended if status not in (0, 4)]
    assert set(untold) <= {-signal.SIGSEGV, -signal.SIGABRT}
    assert len(untold) <= max(1, len(ended) // 20)


def test_stopped_at_any_moment(
    trials: Trials, fault: Fault, n_faults: int, chance: random.Random
) -> None:
    """In the time loop a signal is a wish; before and after it ends the run at once."""
    for k in range(n_faults):
        with fault("SIGTERM at a random moment"):
            kind = ("mesh", "setup", "each solve", *STEPS)[k % 9]
            place, found = trials.ended(**moment(trials, chance, kind), then="term")
            assert found["status"] in (0, 5), found["said"]
            if found["status"] == 5:
                assert "stopped by SIGTERM" in one_line(found["said"])
            trials.completed(place)


def test_disks_of_every_size(trials: Trials, fault: Fault, n_faults: int) -> None:
    """Real ones, in memory, and one that is read-only, which a user may mount who is alone in a
    name space."""
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    tried = subprocess.run([*alone, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    if tried.returncode != 0:
        pytest.skip("this system lets nobody mount a disk")
    sizes = [f"size={kb}k" for kb in (16, *range(300, 6000, 5700 // max(1, n_faults // 4)))]
    for number, option in enumerate(["size=1m,ro", *sizes]):
        with fault("small or read-only disk"):
            place = desk(trials.folder / f"disk-{number}")
            run = f"OMP_NUM_THREADS=1 {sys.executable} -m femcrust run case.yaml --quiet"
            script = f"""mkdir results; mount -t tmpfs -o {option} none results
                {run} 2> said; echo $? > status; mount -o remount,rw,size=50m results
                {run} --resume 2>> said; echo $? >> status; cp -r results kept; umount results
                rmdir results; mv kept results"""
            subprocess.run([*alone, "sh", "-c", script], cwd=place, check=True)
            said = (place / "said").read_text()
            first, second = (place / "status").read_text().split()
            assert (first in "06", second) == (True, "0"), said
            assert "Traceback" not in said
            assert contents(place) == trials.wanted
            shutil.rmtree(place)


def test_a_folder_without_permission(trials: Trials, fault: Fault) -> None:
    place = desk(trials.folder / "shut")
    (place / "results").mkdir(mode=0o555)
    alone = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--reuid", "65534"]
    as_nobody = Path("/proc/self/status").read_text().split("Uid:")[1].split()[0] == "0"
    if as_nobody and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere")
    with fault("folder without permission"):
        done = subprocess.run(
            [*(alone if as_nobody else []), sys.executable, "-m", "femcrust", "run", "case.yaml"],
            cwd=place, capture_output=True, text=True,
        )  # fmt: skip
        if "No module" in done.stderr or "Permission denied: '/" in done.stderr:
            pytest.skip("this user may not even read femcrust")
        assert done.returncode == 2, done.stderr
        assert "no permission to write there" in one_line(done.stderr)
        assert not list((place / "results").iterdir())
