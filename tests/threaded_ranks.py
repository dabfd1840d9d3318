"""Ranks as threads of one process: what a job does over ranks, without a launcher.

The messages go through queues; the core calls back to here as it calls femcrust/comm.py.
"""

from __future__ import annotations

import ctypes
import pickle
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
import pytest

from femcrust import backends

T = TypeVar("T")
PATIENCE = 60.0  # s; a test that waits longer hangs


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Each rank is a thread already."""
    before = backends.core().threads()
    backends.set_threads(1)
    yield
    backends.set_threads(before)


class Job:
    """What the ranks of one job have in common."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.barrier = threading.Barrier(size, timeout=PATIENCE)
        self.slots: list[Any] = [None] * size
        self.mail: dict[tuple[int, int], queue.Queue[bytes]] = {
            (a, b): queue.Queue() for a in range(size) for b in range(size)
        }
        self.takes_device = False
        self.on_device = 0  # messages that rank 0 sent from a device's memory
        self.letters: dict[tuple[int, int], queue.Queue[bytes]] = {
            pair: queue.Queue() for pair in self.mail
        }
        self.exchanges = 0  # that rank 0 has started, and sums that it took part in
        self.sums = 0


class ThreadedComm:
    """One of the ranks."""

    def __init__(self, job: Job, rank: int) -> None:
        self.job, self.rank, self.size = job, rank, job.size
        self.here, self.place = job.size, rank
        self.takes_device = job.takes_device

    def _all(self, value: Any) -> list[Any]:
        job = self.job
        job.slots[self.rank] = value
        job.barrier.wait()
        found = list(job.slots)
        job.barrier.wait()
        return found

    def _reduced(self, values: Any, how: Callable[[Sequence[Any]], Any]) -> None:
        own = np.frombuffer(values, dtype=float) if not isinstance(values, np.ndarray) else values
        found = self._all(own.copy())
        own[...] = how(found)

    def sum(self, values: Any) -> None:
        self.job.sums += self.rank == 0
        self._reduced(values, sum)

    def largest(self, values: Any) -> None:
        self._reduced(values, lambda found: np.max(found, axis=0))

    def swap(self, to: Sequence[bytes]) -> list[bytes]:
        return [row[self.rank] for row in self._all(list(to))]

    def gather(self, value: Any) -> list[Any] | None:
        found = self._all(value)
        return found if self.rank == 0 else None

    def broadcast(self, value: Any) -> Any:
        return self._all(value)[0]

    def send(self, value: Any, to: int) -> None:
        self.job.letters[self.rank, to].put(pickle.dumps(value))

    def receive(self, source: int) -> Any:
        """Gives up as soon as another rank has failed."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return pickle.loads(self.job.letters[source, self.rank].get(timeout=0.05))
            except queue.Empty:
                if self.job.barrier.broken or time.monotonic() > until:
                    raise threading.BrokenBarrierError from None

    def channel(self, out: Sequence[tuple[int, Any]], come: Sequence[tuple[int, Any]]) -> Any:
        return _Channel(self, out, come)


class _Channel:
    def __init__(self, comm: ThreadedComm, out: Any, come: Any) -> None:
        self.comm, self.out, self.come = comm, out, come

    def start(self) -> None:
        job, rank = self.comm.job, self.comm.rank
        job.exchanges += rank == 0
        for to, memory in self.out:
            job.on_device += rank == 0 and hasattr(memory, "__cuda_array_interface__")
            job.mail[rank, to].put(bytes(_bytes(memory)))

    def finish(self) -> None:
        for source, memory in self.come:
            _bytes(memory)[:] = self.comm.job.mail[source, self.comm.rank].get(timeout=PATIENCE)


def _bytes(memory: Any) -> memoryview:
    """Memory of a message; an emulated device's address is one of the host."""
    interface = getattr(memory, "__cuda_array_interface__", None)
    if interface is None:
        return memoryview(memory)
    address, (size,) = interface["data"][0], interface["shape"]
    return memoryview((ctypes.c_ubyte * size).from_address(address)).cast("B")


def on_ranks(size: int, work: Callable[[ThreadedComm], T], job: Job | None = None) -> list[T]:
    """What `work` returns on each rank; the first error that a rank raises is raised."""
    job = job or Job(size)
    found: list[Any] = [None] * size
    errors: list[BaseException] = []

    def one(rank: int) -> None:
        try:
            found[rank] = work(ThreadedComm(job, rank))
        except BaseException as error:
            if not isinstance(error, threading.BrokenBarrierError):
                errors.append(error)
            job.barrier.abort()

    threads = [threading.Thread(target=one, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return found
