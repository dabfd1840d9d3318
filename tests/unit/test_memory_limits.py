"""Too little memory, by whatever limit: status 4 or, by the forecast, 2; one line with numbers."""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import tiny_case
from femcrust import machine
from femcrust.errors import MemoryShortage
from femcrust.failures import out_of_memory

LIMITED = "ulimit -v {} && exec {} -m femcrust check case.yaml"
START = r"femcrust alone needs about 0.\d\d GiB of memory on {} threads, .* may use 0.\d\d GiB; r"
SOON = r"mesh(.box.size)?: [\d,]+ unknowns need about 0.\d GiB of memory and this machine has 0.\d"


@pytest.mark.parametrize(
    ("megabytes", "threads", "status", "message"),
    [(200, 1, 4, START.format(1)), (340, 16, 4, START.format(16)), (330, 1, 2, SOON)],
)
def test_a_limit_on_addresses_is_told_before_any_work(
    megabytes: int, threads: int, status: int, message: str, tmp_path: Path
) -> None:
    case = tiny_case.CASE.replace("near: 10 km, far: 20 km", "near: 0.5 km, far: 4 km")
    (tmp_path / "case.yaml").write_text(case)
    (tmp_path / "stations.csv").write_text(tiny_case.STATIONS)
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        ["sh", "-c", LIMITED.format(megabytes * 1024, sys.executable)],
        cwd=tmp_path,
        env=environment | {"OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    assert re.fullmatch(f"{message}[^\n]*\n", done.stderr.splitlines(keepends=True)[-1])
    assert "Traceback" not in done.stderr
    assert len(list(tmp_path.iterdir())) == 2


def test_a_control_group_limits_and_so_do_those_above_it(tmp_path: Path) -> None:
    groups, proc = tmp_path / "groups", tmp_path / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "self" / "cgroup").write_text("4:cpu,memory:/old/inner\n3:cpu:/fast\n0::/slice/job\n")
    limits = {
        "slice/job/memory.max": "max", "slice/memory.max": "7000", "memory.max": "9000",
        "memory/old/inner/memory.limit_in_bytes": "5000", "memory/memory.limit_in_bytes": "8000",
        "fast/memory.max": "1",
    }  # fmt: skip
    for name, text in limits.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(f"{text}\n")
    assert sorted(set(machine.group_limits(proc, groups))) == [5000, 7000, 8000, 9000]
    assert machine.group_limits(tmp_path / "nowhere", tmp_path / "nowhere") == []


def test_what_is_for_want_of_memory_is_known() -> None:
    wrapped = ValueError("cannot read")
    wrapped.__cause__ = MemoryError()
    for error in (
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ImportError("x.so: failed to map segment from shared object"),
        ImportError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
        wrapped,
    ):
        assert out_of_memory(error), error
    for other in (ValueError("cannot allocate"), OSError(errno.ENOSPC, "full"), SystemError("x")):
        assert not out_of_memory(other), other


def test_a_shortage_tells_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_forecast", [])
    held = machine.memory_in_use()
    assert 2**24 < held < 2**36
    assert re.match(
        r"the case needs more than \d+.\d\d GiB, and this process may", machine.shortage()
    )
    monkeypatch.setattr("femcrust.machine.physical_memory", lambda: 2**50)
    machine.check_memory(10**9, "mesh")
    assert machine.shortage() == (
        "1,000,000,000 unknowns need about 307.63 GiB, and this process may use 1048576.00 GiB"
    )


def test_threads_that_cannot_start_are_told() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    machine.check_threads(4)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (machine.memory_in_use() + 2**27, hard))
        with pytest.raises(MemoryShortage, match=r"--threads: 4096 threads cannot .*OMP_NUM_THR"):
            machine.check_threads(4096)
        assert machine.stacks(3) >= 2 * 2**21
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_memory_that_runs_out_in_a_thread_of_the_core_ends_with_the_numbers() -> None:
    """No exception can leave a parallel region; others than that one abort, as they do in C++."""
    told = r"not enough memory: the case needs more than \d.\d\d GiB, and this process may use \d+"
    for for_memory, status, said in [(True, 4, told), (False, -signal.SIGABRT, "terminate called")]:
        run = f"from femcrust import _core; _core.testing.fail_in_a_thread({for_memory})"
        done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True)
        assert done.returncode == status, done.stderr
        assert re.match(said, done.stderr)
