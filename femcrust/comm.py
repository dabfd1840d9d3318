"""The ranks of a job: under mpirun one process each, else this one alone.

mpi4py moves all messages and is imported only where a launcher has set the environment of a rank,
so a laptop needs no MPI. The core packs and sums (csrc/comm) and calls back to here.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from femcrust.errors import FemcrustError, InputError

# What launchers tell a process of its job: how many ranks there are.
LAUNCHERS = {
    "MPICH": ("PMI_SIZE", "MPI_LOCALNRANKS"),
    "Open MPI": ("OMPI_COMM_WORLD_SIZE",),
}
DEVICE_VARIABLE = "FEMCRUST_MPI_DEVICE"  # 1: messages by device addresses; 0: through the host
PATIENCE = 4.0  # s for other ranks to fail alike: on a busy machine some start late
GLANCE = 1e-3  # s between looks for a message
TURN = 0.5  # s for rank 0 to tell before others do, and for what was told to get through


class Comm(Protocol):
    """Messages between ranks; memory is anything with a buffer. The core calls the first five."""

    rank: int
    size: int

    @property
    def takes_device(self) -> bool:
        """Whether memory may be that of a device, by its `__cuda_array_interface__`."""
        ...

    def sum(self, values: Any) -> None:
        """Of float64, in place, over all ranks; the same bits on each."""
        ...

    def largest(self, values: Any) -> None: ...

    def swap(self, to: Sequence[bytes]) -> Sequence[bytes]:
        """Bytes to each rank; returns those from each."""
        ...

    def channel(self, out: Sequence[tuple[int, Any]], come: Sequence[tuple[int, Any]]) -> Any:
        """Messages (rank, memory) that `start` sends and `finish` has received, again and again."""
        ...

    def gather(self, value: Any) -> list[Any] | None:
        """A value of each rank, on rank 0; None elsewhere."""
        ...

    def broadcast(self, value: Any) -> Any:
        """Rank 0's value."""
        ...

    def send(self, value: Any, to: int) -> None:
        """To a rank that calls `receive`; may return before it does."""
        ...

    def receive(self, source: int) -> Any:
        """What a rank sends; where that takes long, the processor is left to others."""
        ...

    @property
    def here(self) -> int:
        """Ranks on this machine."""
        ...

    @property
    def place(self) -> int:
        """Which of them this one is."""
        ...


class Alone:
    """One process."""

    rank, size, here, place = 0, 1, 1, 0
    takes_device = False

    def sum(self, values: Any) -> None: ...

    def largest(self, values: Any) -> None: ...

    def swap(self, to: Sequence[bytes]) -> Sequence[bytes]:
        return to

    def channel(self, out: Sequence[tuple[int, Any]], come: Sequence[tuple[int, Any]]) -> Any:
        raise ValueError("one rank has no neighbours")

    def gather(self, value: Any) -> list[Any] | None:
        return [value]

    def broadcast(self, value: Any) -> Any:
        return value

    def send(self, value: Any, to: int) -> None:
        raise ValueError("one rank has no neighbours")

    def receive(self, source: int) -> Any:
        raise ValueError("one rank has no neighbours")


ALONE = Alone()


class Ranks:
    """Those of an mpi4py communicator."""

    def __init__(self, mpi: Any, comm: Any) -> None:
        self._mpi, self._comm = mpi, comm
        self.rank: int = comm.Get_rank()
        self.size: int = comm.Get_size()
        machine = comm.Split_type(mpi.COMM_TYPE_SHARED)
        self.here: int = machine.Get_size()
        self.place: int = machine.Get_rank()
        self._ending = comm.Dup()  # its messages meet none of the others
        # Arrays travel as they are, with no copy, of any size.
        self._objects = importlib.import_module("mpi4py.util.pkl5").Intracomm(comm.Dup())

    @functools.cached_property
    def takes_device(self) -> bool:
        return takes_device(self._mpi)

    def sum(self, values: Any) -> None:
        self._comm.Allreduce(self._mpi.IN_PLACE, [values, self._mpi.DOUBLE], self._mpi.SUM)

    def largest(self, values: Any) -> None:
        self._comm.Allreduce(self._mpi.IN_PLACE, [values, self._mpi.DOUBLE], self._mpi.MAX)

    def swap(self, to: Sequence[bytes]) -> Sequence[bytes]:
        return list(self._comm.alltoall(list(to)))

    def channel(self, out: Sequence[tuple[int, Any]], come: Sequence[tuple[int, Any]]) -> Any:
        return _Channel(self._mpi, self._comm, out, come)

    def gather(self, value: Any) -> list[Any] | None:
        found: list[Any] | None = self._comm.gather(value)
        return found

    def broadcast(self, value: Any) -> Any:
        return self._comm.bcast(value)

    def send(self, value: Any, to: int) -> None:
        self._objects.send(value, to)

    def receive(self, source: int) -> Any:
        while not self._objects.iprobe(source):
            time.sleep(GLANCE)
        return self._objects.recv(None, source)

    def all_fail(self, patience: float) -> bool:
        """Whether all ranks call this within some time."""
        request, until = self._ending.Ibarrier(), time.monotonic() + patience
        while not request.Test():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def abort(self, status: int) -> None:
        """Ends all ranks."""
        self._comm.Abort(status)


T = TypeVar("T")


def together(comm: Comm, work: Callable[[], T]) -> T:
    """What `work` gives, once it has ended on all ranks. Where it fails on some, all raise the
    error of the first of them: none waits for another, and rank 0 tells it."""
    if comm.size == 1:
        return work()
    error: BaseException | None = None
    try:
        value = work()
    except BaseException as raised:
        error = raised
    if comm.rank:
        comm.send(_sendable(error), 0)
        first = comm.receive(0)
    else:
        told = [_sendable(error), *(comm.receive(rank) for rank in range(1, comm.size))]
        first = next((one for one in told if one is not None), None)
        for rank in range(1, comm.size):
            comm.send(first, rank)
    if error is not None:
        raise error
    if first is not None:
        raise first
    return value


def on_root(comm: Comm, work: Callable[[], T]) -> T | None:
    """What `work` gives on rank 0, and None elsewhere; where it fails, all raise its error."""

    def mine() -> T | None:
        return work() if comm.rank == 0 else None

    return together(comm, mine)


def _sendable(error: BaseException | None) -> BaseException | None:
    if error is None or isinstance(error, (FemcrustError, MemoryError, KeyboardInterrupt)):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")


class _Channel:
    """Persistent requests: what a message needs is set up once."""

    def __init__(self, mpi: Any, comm: Any, out: Any, come: Any) -> None:
        self._mpi = mpi
        byte = mpi.BYTE
        self._requests = [
            *(comm.Recv_init([memory, byte], rank) for rank, memory in come if len(memory)),
            *(comm.Send_init([memory, byte], rank) for rank, memory in out if len(memory)),
        ]

    def start(self) -> None:
        self._mpi.Prequest.Startall(self._requests)

    def finish(self) -> None:
        self._mpi.Request.Waitall(self._requests)

    def __del__(self) -> None:
        if not self._mpi.Is_finalized():
            for request in self._requests:
                request.Free()


@functools.cache
def world() -> Comm:
    """All ranks of the job that this process belongs to."""
    launched = _launched()
    if launched is None:
        return ALONE
    mpi = _mpi4py(launched)
    comm = mpi.COMM_WORLD
    if comm.Get_size() == 1:
        return ALONE
    _end_with_all()
    return Ranks(mpi, comm)


def _end_with_all() -> None:
    """In a script an exception that nobody catches ends all ranks: the others would wait for this
    one for ever. The command catches everything itself."""
    told = sys.excepthook

    def ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        def tell() -> int:
            told(kind, error, trace)
            return 1

        fail(tell)

    sys.excepthook = ended


def takes_device(mpi: Any) -> bool:
    """Whether this MPI sends from a device's memory and receives there ("CUDA-aware").

    DEVICE_VARIABLE decides where it is set. Else MPI is asked: for the kinds of memory that it
    takes [MPI23], and by the function that Open MPI and MPICH have for it and mpi4py lacks.
    """
    asked = os.environ.get(DEVICE_VARIABLE, "")
    if asked not in ("", "0", "1"):
        raise InputError(f"{DEVICE_VARIABLE}={asked!r}: give 1 (device addresses) or 0 (host)")
    if asked:
        return asked == "1"
    kinds = mpi.COMM_WORLD.Get_info().Get("mpi_memory_alloc_kinds") or ""
    if "cuda" in (kind.split(":")[0] for kind in kinds.split(",")):
        return True
    try:
        query = ctypes.CDLL(mpi.__file__).MPIX_Query_cuda_support
    except (OSError, AttributeError):
        return False
    return bool(query())


def _launched() -> str | None:
    """The kind of MPI whose launcher started more than this process; None: none did."""
    for kind, names in LAUNCHERS.items():
        if any(os.environ.get(name, "1") != "1" for name in names):
            return kind
    return None


def _mpi4py(launched: str) -> Any:
    """mpi4py's MPI, initialised, where it is that of the launcher."""
    try:
        import mpi4py

        mpi4py.rc.initialize, mpi4py.rc.finalize = False, True
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:
        raise InputError(
            f"mpirun: started several ranks, but mpi4py does not load ({error});"
            " pip install 'femcrust[mpi]'"
        ) from error
    own = MPI.Get_library_version().split(",")[0].split("\n")[0].strip()
    if ("Open MPI" in own) != (launched == "Open MPI"):
        raise InputError(
            f"mpirun: {launched} started this process, but mpi4py works with {own.split(':')[0]};"
            f" use {mpirun() or 'its mpirun'}, or femcrust run --ranks N, which finds it"
        )
    MPI.Init_thread(MPI.THREAD_FUNNELED)
    return MPI


def mpirun() -> Path | None:
    """The launcher beside this Python, which belongs to the MPI that mpi4py loads there."""
    for name in ("mpirun", "mpiexec"):
        for folder in (Path(sys.prefix) / "bin", Path(sys.executable).parent):
            if (folder / name).exists():
                return folder / name
    return None


def silent() -> bool:
    """Whether another rank tells what this one would; no ranks are looked for."""
    return bool(world.cache_info().currsize) and world().rank > 0


def fail(tell: Callable[[], int], patience: float = PATIENCE) -> int:
    """The status of a failure of this process, told once. Where all ranks fail alike rank 0 tells;
    where some wait for others that failed, one of these tells and ends the job."""
    comm = world() if world.cache_info().currsize else None
    if not isinstance(comm, Ranks):
        return tell()
    alike = comm.all_fail(patience)
    if not alike and comm.rank:
        time.sleep(2 * TURN)
    status = tell() if comm.rank == 0 or not alike else 0
    sys.stdout.flush()
    sys.stderr.flush()
    if not alike:
        time.sleep(TURN)  # the launcher passes the message on before it ends all
        comm.abort(status)
    return int(comm.broadcast(status))
