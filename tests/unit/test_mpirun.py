"""Jobs under the mpirun beside this Python: tiny cases, and what happens when a rank dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from conftest import absent
from femcrust import backends, comm
from femcrust.errors import InputError
from mpi_jobs import LIMIT, SOON, environment, femcrust, moved, ranks_of, wait_for, write_over_time
from tiny_case import CASE, STATIONS

pytest.importorskip("mpi4py")
pytestmark = [
    pytest.mark.mpi,
    pytest.mark.skipif(comm.mpirun() is None, reason="there is no mpirun beside this Python"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "case.yaml").write_text(CASE)
    (tmp_path / "stations.csv").write_text(STATIONS)
    return tmp_path


@pytest.fixture
def over_time(folder: Path) -> Path:
    """A run over time with checkpoints."""
    write_over_time(folder)
    return folder


def test_two_ranks_give_the_files_of_one(folder: Path) -> None:
    one = femcrust("run", folder / "case.yaml", "-o", folder / "one")
    two = femcrust("run", "--ranks", 2, folder / "case.yaml", "-o", folder / "two")
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    assert two.stdout.count("results are in") == 1
    assert "2 ranks" in two.stdout
    a, b = moved(folder / "one"), moved(folder / "two")
    assert np.abs(a - b).max() <= 1e-6 * np.abs(a).max()
    assert json.loads((folder / "two" / "summary.json").read_text())["ranks"] == 2
    assert {p.name for p in (folder / "one").iterdir()} == {
        p.name for p in (folder / "two").iterdir()
    }


@pytest.mark.skipif(not backends.core().has_emulator, reason="this build has no emulator")
def test_each_rank_has_a_device(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEMCRUST_CUDA", "emulated")
    tight = ("--set", "solver.tolerance=1e-12")
    one = femcrust("run", folder / "case.yaml", "-o", folder / "one", *tight)
    two = femcrust("run", "--ranks", 2, folder / "case.yaml", "-o", folder / "two",
                   *tight, "--set", "solver.backend=cuda")  # fmt: skip
    assert (one.returncode, two.returncode) == (0, 0), two.stderr
    a, b = moved(folder / "one"), moved(folder / "two")
    assert np.abs(a - b).max() <= 1e-9 * np.abs(a).max()
    assert json.loads((folder / "two" / "summary.json").read_text())["device"] == "host emulation"


def test_a_wrong_case_is_told_once(folder: Path) -> None:
    told = femcrust("run", "--ranks", 2, folder / "case.yaml", "--set", "solver.tolerance=-1")
    assert told.returncode == 2
    assert told.stderr.count("must be above 0") == 1
    assert "Traceback" not in told.stderr


def test_what_fails_while_rank_0_builds_is_told_once(folder: Path) -> None:
    """None waits for it, and none is aborted."""
    (folder / "stations.csv").write_text("name,x_km,y_km\nfar,900,0\n")
    for setting, said in (
        ("faults.main.slip.amount=0 m", "nothing acts"),
        ("output.formats=[csv]", "outside the mesh"),  # only the station is wrong
    ):
        told = femcrust("run", "--ranks", 3, folder / "case.yaml", "--set", setting)
        assert told.returncode == 2, told.stderr
        assert told.stderr.count(said) >= 1
        assert len(told.stderr.splitlines()) == 1, told.stderr
    assert not (folder / "results").exists()


ROOT_BUILDS = """
import sys
from femcrust import cli, comm, model, ranks, run
if comm.world().rank > 0:
    def forbidden(*_, **__):
        raise AssertionError("this rank builds a model")
    run.build_model = model.case_mesh = run.describe = run.case_stations = forbidden
sys.exit(cli.main(["run", sys.argv[1]]))
"""


def test_only_rank_0_reads_and_builds(folder: Path) -> None:
    told = subprocess.run(
        [comm.mpirun(), "-n", "2", sys.executable, "-c", ROOT_BUILDS, folder / "case.yaml"],
        capture_output=True, text=True, timeout=LIMIT, env=environment(), check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert (folder / "results" / "summary.json").exists()


ONE_FAILS = """
import sys
from femcrust import cli, comm, solvers
from femcrust.errors import NotConverged
if comm.world().rank == 1:
    def solve(*_, **__):
        raise NotConverged("rank 1 gives up")
    solvers.solve = solve
sys.exit(cli.main(["run", sys.argv[1]]))
"""


def test_a_rank_that_fails_alone_ends_all(folder: Path) -> None:
    start = time.monotonic()
    told = subprocess.run(
        [comm.mpirun(), "-n", "2", sys.executable, "-c", ONE_FAILS, folder / "case.yaml"],
        capture_output=True, text=True, timeout=LIMIT, env=environment(), check=False,
    )  # fmt: skip
    assert told.returncode == 3
    assert told.stderr.count("rank 1 gives up") == 1
    assert time.monotonic() - start < LIMIT / 2


SCRIPT_FAILS = """
import sys
import femcrust as fc

def observe(result):
    raise ValueError("this rank cannot draw")

fc.run(fc.load_case(sys.argv[1]), observe=observe)
"""


def test_a_script_that_fails_on_one_rank_ends_on_all(over_time: Path) -> None:
    """Rank 0 alone is shown the results."""
    told = subprocess.run(
        [comm.mpirun(), "-n", "2", sys.executable, "-c", SCRIPT_FAILS, over_time / "case.yaml"],
        capture_output=True, text=True, timeout=LIMIT, env=environment(), check=False,
    )  # fmt: skip
    assert told.returncode != 0
    assert told.stderr.count("ValueError: this rank cannot draw") == 1


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks processes up in /proc")
def test_a_killed_rank_takes_the_job_down_and_resume_goes_on(over_time: Path) -> None:
    case = over_time / "case.yaml"
    assert femcrust("run", "--ranks", 2, case, "-o", over_time / "whole").returncode == 0
    cut = over_time / "cut"
    words = [sys.executable, "-m", "femcrust", "run", "--ranks", "2", case, "-o", cut]
    job = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment())
    wait_for(cut / "checkpoint-a.bin")
    os.kill(ranks_of(case)[1], signal.SIGKILL)
    killed = time.monotonic()
    _, said = job.communicate(timeout=LIMIT)
    assert job.returncode == 7, said
    assert time.monotonic() - killed < SOON
    assert "a rank was lost" in said
    saved = [(path, path.read_bytes()) for path in cut.glob("checkpoint-*.bin")]

    assert femcrust("run", "--ranks", 2, "--resume", case, "-o", cut).returncode == 0
    assert (cut / "stations.csv").read_bytes() == (over_time / "whole/stations.csv").read_bytes()

    for ranks in (1, 3):
        for path, content in saved:
            path.write_bytes(content)
        again = femcrust("run", "--ranks", ranks, "--resume", case, "-o", cut)
        assert again.returncode == 0, again.stderr
        assert f"ranks 2 → {ranks}" in again.stdout
        a, b = moved(over_time / "whole"), moved(cut)
        assert a.shape == b.shape
        assert np.abs(a - b).max() <= 1e-6 * np.abs(a).max()


def test_a_signal_ends_all_with_a_checkpoint(over_time: Path) -> None:
    case, cut = over_time / "case.yaml", over_time / "cut"
    words = [sys.executable, "-m", "femcrust", "run", "--ranks", "2", case, "-o", cut]
    job = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment())
    wait_for(cut / "checkpoint-a.bin")
    job.send_signal(signal.SIGTERM)
    _, said = job.communicate(timeout=LIMIT)
    assert job.returncode == 5, said
    assert said.count("--resume goes on at") == 1
    assert femcrust("run", "--ranks", 2, "--resume", case, "-o", cut).returncode == 0


def test_the_wrong_mpirun_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpi_jobs.environment", lambda: {
        **os.environ, "OMPI_COMM_WORLD_SIZE": "2",
    })  # fmt: skip
    told = femcrust("run", folder / "case.yaml")
    assert told.returncode == 2
    assert "Open MPI started this process" in told.stderr
    assert "--ranks" in told.stderr


def test_ranks_are_of_this_femcrust_whatever_lies_in_the_folder(folder: Path) -> None:
    """As in a clone of the sources, which hold no compiled core."""
    (folder / "femcrust").mkdir()
    (folder / "femcrust" / "__init__.py").write_text("raise ImportError('another femcrust')\n")
    inside = {key: value for key, value in environment().items() if key != "PYTHONSAFEPATH"}
    told = subprocess.run(
        [sys.executable, "-P", "-m", "femcrust", "run", "--ranks", "2", "case.yaml"],
        cwd=folder, capture_output=True, text=True, timeout=LIMIT, env=inside, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr


def test_what_does_not_work_over_ranks_says_so(folder: Path) -> None:
    program = [str(comm.mpirun()), "-n", "2", sys.executable, "-m", "femcrust"]
    told = subprocess.run(
        [*program, "check", str(folder / "case.yaml")],
        capture_output=True, text=True, timeout=LIMIT, env=environment(), check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert told.stderr.count("femcrust check works in one process") == 1
    for wrong in ("0", "x", "-1"):
        told = femcrust("run", "--ranks", wrong, folder / "case.yaml")
        assert told.returncode == 2
        assert len(told.stderr.splitlines()) == 1


def test_ranks_make_a_library_batch_by_batch(folder: Path) -> None:
    """The same bits as one process, also where there are more ranks than batches left."""
    xarray = pytest.importorskip("xarray")
    cut = "greens: {patches: {length: 5 km, width: 5 km}, method: forward}\n"
    (folder / "case.yaml").write_text(CASE + cut)
    found = []
    for ranks in (1, 2, 3):
        target = folder / f"{ranks}.nc"
        told = femcrust("greens", "--ranks", ranks, folder / "case.yaml", "-o", target)
        assert told.returncode == 0, told.stderr
        assert told.stdout.count("the library is") == 1
        with xarray.open_dataset(target) as stored:
            found.append(stored.load())
    for other in found[1:]:
        for name, values in found[0].data_vars.items():
            if values.dtype.kind == "f":
                np.testing.assert_array_equal(other[name].values, values.values)


@pytest.mark.petsc
def test_ranks_share_the_matrix_that_petsc_gets(folder: Path) -> None:
    """Infinite elements, a fault across borders, held directions at shared nodes."""
    from femcrust.petsc import library

    try:
        library()
    except InputError as error:
        absent("petsc", str(error))
    text = CASE.replace("sides: infinite", "sides: infinite, north: roller, east: fixed")
    (folder / "case.yaml").write_text(text)
    tight = ("--set", "solver.tolerance=1e-11")
    assert femcrust("run", folder / "case.yaml", "-o", folder / "own", *tight).returncode == 0
    own = moved(folder / "own")
    for ranks in (2, 3):
        target = folder / f"petsc{ranks}"
        told = femcrust("run", "--ranks", ranks, folder / "case.yaml", "-o", target, *tight,
                        "--set", "solver.library=petsc")  # fmt: skip
        assert told.returncode == 0, told.stderr
        assert np.abs(moved(target) - own).max() <= 1e-8 * np.abs(own).max()
