"""Sums over ranks of devices: messages by device addresses and through the host give the host's
bits. Ranks are threads here; jobs under mpirun are at the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conftest import device_backend
from femcrust import backends, comm
from femcrust.errors import InputError
from mpi_jobs import LIMIT, environment, femcrust, moved
from threaded_ranks import Job, on_ranks
from tiny_case import CASE, STATIONS

FORMATS = ("fp64", "fp32", "fp21", "shared18", "bf16", "fp16")
N_NODES = 40
# Of nodes that ranks share: the first twenty all of them, then five each two of them.
PAIRS = {
    (0, 1): range(25),
    (0, 2): [*range(20), *range(25, 30)],
    (1, 2): [*range(20), *range(30, 35)],
}
# Each rank numbers nodes in its own way.
NUMBERS = [np.random.default_rng(rank).permutation(N_NODES).astype(np.int32) for rank in range(3)]


def parts(rank: int) -> np.ndarray:
    """Parts of sums, of all sizes, so that the order of additions shows in the bits."""
    rng = np.random.default_rng(1000 + rank)
    return rng.choice([-1.0, 1.0], (N_NODES, 3)) * 10.0 ** rng.uniform(-3, 3, (N_NODES, 3))


def sums(backend: Any, form: str, job: Job | None = None) -> list[np.ndarray]:
    """Of three ranks."""

    def work(rank: Any) -> np.ndarray:
        mine = {pair: nodes for pair, nodes in PAIRS.items() if rank.rank in pair}
        others = [sum(pair) - rank.rank for pair in mine]
        nodes = [NUMBERS[rank.rank][list(shared)] for shared in mine.values()]
        halo = backends.core().Halo(rank, others, nodes)
        return np.array(backend.shared_sums(halo, parts(rank.rank), form))

    return on_ranks(3, work, job)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv(backends.EMULATION_VARIABLE, "emulated")
    if not backends.core().has_emulator:
        pytest.skip("a device's address is one of the host on the emulator alone")
    return device_backend()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("takes_device", [False, True])
def test_sums_on_a_device_have_the_bits_of_the_host(
    device: Any, form: str, takes_device: bool
) -> None:
    job = Job(3)
    job.takes_device = takes_device
    found = sums(device, form, job)
    assert (job.on_device > 0) is takes_device
    for one, two in zip(sums(backends.select("cpu"), form), found, strict=True):
        np.testing.assert_array_equal(one, two)
        assert np.isfinite(one).all()


def test_another_order_of_additions_has_other_bits() -> None:
    """What the test above rests on: parts are such that their order is seen."""
    a, b, c = (parts(rank)[NUMBERS[rank][:20]] for rank in range(3))
    for rank, found in enumerate(sums(backends.select("cpu"), "fp64")):
        np.testing.assert_array_equal(found[NUMBERS[rank][:20]], (a + b) + c)
    assert ((a + b) + c != (c + b) + a).any()


def mpi(kinds: str | None = None) -> Any:
    """An MPI that says which kinds of memory it takes, and has no function to be asked by."""
    info = SimpleNamespace(Get=lambda _: kinds)
    return SimpleNamespace(COMM_WORLD=SimpleNamespace(Get_info=lambda: info), __file__="/absent.so")


@pytest.mark.parametrize(
    ("asked", "kinds", "takes"),
    [
        ("", None, False),
        ("", "mpi,system,cuda:device", True),
        ("", "mpi,system,rocm", False),
        ("1", None, True),
        ("0", "mpi,system,cuda", False),
    ],
)
def test_who_says_that_messages_may_lie_on_a_device(
    asked: str, kinds: str | None, takes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(comm.DEVICE_VARIABLE, asked)
    assert comm.takes_device(mpi(kinds)) is takes


def test_a_wrong_word_for_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(comm.DEVICE_VARIABLE, "yes")
    with pytest.raises(InputError, match="FEMCRUST_MPI_DEVICE='yes'"):
        comm.takes_device(mpi())


@pytest.mark.mpi
@pytest.mark.skipif(comm.mpirun() is None, reason="there is no mpirun beside this Python")
def test_a_wrong_word_for_it_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(comm.DEVICE_VARIABLE, "yes")
    (tmp_path / "case.yaml").write_text(CASE)
    (tmp_path / "stations.csv").write_text(STATIONS)
    told = femcrust("run", "--ranks", 2, tmp_path / "case.yaml", "-o", tmp_path / "out")
    assert told.returncode == 2
    assert told.stderr.count("FEMCRUST_MPI_DEVICE='yes'") == 1


# Runs a case and says where the memory of this rank's messages was.
RUN = """
import sys
from femcrust import cli, comm
kinds, plain = set(), comm.Ranks.channel
def channel(self, out, come):
    kinds.update(type(memory).__name__ for _, memory in (*out, *come))
    return plain(self, out, come)
comm.Ranks.channel = channel
status = cli.main(["run", sys.argv[1], "-o", sys.argv[2], "--set", "solver.backend=cuda"])
open(sys.argv[2] + f".{comm.world().rank}", "w").write(" ".join(sorted(kinds)))
sys.exit(status)
"""


@pytest.mark.mpi
@pytest.mark.skipif(comm.mpirun() is None, reason="there is no mpirun beside this Python")
@pytest.mark.parametrize("precision", ["double", "fp21"])
def test_two_processes_give_the_same_bits_either_way(
    device: Any, tmp_path: Path, precision: str
) -> None:
    pytest.importorskip("mpi4py")
    (tmp_path / "case.yaml").write_text(f"{CASE}solver: {{precision: {precision}}}\n")
    (tmp_path / "stations.csv").write_text(STATIONS)
    kinds = {"0": {"memoryview"}, "1": {"MemoryOnDevice", "memoryview"}}
    for way in kinds:
        told = subprocess.run(
            [comm.mpirun(), "-n", "2", sys.executable, "-c", RUN, "case.yaml", way], cwd=tmp_path,
            capture_output=True, text=True, timeout=LIMIT, check=False,
            env={**environment(), comm.DEVICE_VARIABLE: way},
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        for rank in range(2):  # those of the setup, which is on the host, stay there
            found = set((tmp_path / f"{way}.{rank}").read_text().split())
            assert ("MemoryOnDevice" in found) is (way == "1")
            assert found <= kinds[way]
    np.testing.assert_array_equal(moved(tmp_path / "0"), moved(tmp_path / "1"))
    assert np.abs(moved(tmp_path / "0")).max() > 0
