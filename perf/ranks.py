"""One solve over ranks, and what it sends: `python perf/ranks.py [--ranks 1 2 4 8] [--near 2.5]`.

The layered box around a fault of perf/meshes.py, infinite elements, cold solve to 1e-8, one thread
a rank, under the mpirun beside this Python. A line each: iterations; seconds of setup and solve and
how many times faster than one rank; of an iteration what the busiest rank sends, in messages and
bytes, and its sums over ranks; the part of the solve that passes within MPI's calls, waiting too,
on the rank where it is least and where it is most; what the calls from the core into Python cost;
and the peak resident memory of rank 0, which builds the model, and of the others. --near: finest
cells, km; 0.6 makes about a million unknowns. With more ranks than cores the counts hold and the
times tell nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import description

from femcrust import backends, comm, operators, progress, solvers
from femcrust.case import Case
from femcrust.model import build_model
from femcrust.outputs.summary import peak_memory
from femcrust.ranks.share import share
from femcrust.run import pieces

KM = 1e3
RANKS = (1, 2, 4, 8)


class Counting:
    """Another communicator's messages, counted, and the seconds within its calls."""

    def __init__(self, inner: comm.Comm) -> None:
        self.inner = inner
        self.rank, self.size = inner.rank, inner.size
        self.here, self.place = inner.here, inner.place
        self.takes_device = inner.takes_device
        self.clear()

    def clear(self) -> None:
        self.messages, self.bytes, self.sums, self.calls, self.seconds = 0, 0, 0, 0, 0.0

    def sum(self, values: Any) -> None:
        start = time.perf_counter()
        self.inner.sum(values)
        self.seconds += time.perf_counter() - start
        self.sums += 1
        self.calls += 1

    def largest(self, values: Any) -> None:
        self.inner.largest(values)

    def swap(self, to: Any) -> Any:
        return self.inner.swap(to)

    def gather(self, value: Any) -> Any:
        return self.inner.gather(value)

    def broadcast(self, value: Any) -> Any:
        return self.inner.broadcast(value)

    def send(self, value: Any, to: int) -> None:
        self.inner.send(value, to)

    def receive(self, source: int) -> Any:
        return self.inner.receive(source)

    def channel(self, out: Any, come: Any) -> Any:
        return _Counted(self, self.inner.channel(out, come), out)


class _Counted:
    def __init__(self, counts: Counting, inner: Any, out: Any) -> None:
        self.counts, self.inner = counts, inner
        sizes = [len(memory) for _, memory in out if len(memory)]
        self.messages, self.bytes = len(sizes), sum(sizes)

    def start(self) -> None:
        begun = time.perf_counter()
        self.inner.start()
        self.counts.seconds += time.perf_counter() - begun
        self.counts.calls += 2  # start and finish
        self.counts.messages += self.messages
        self.counts.bytes += self.bytes

    def finish(self) -> None:
        begun = time.perf_counter()
        self.inner.finish()
        self.counts.seconds += time.perf_counter() - begun


def case(near: float, backend: str) -> Case:
    """A thrust in three layers."""
    half = 60 * KM
    size = {"near": near * KM, "far": half / 4, "growth": 0.3}
    fault = {
        "rectangle": {
            "top_center": (0.0, 0.0, -4 * KM), "length": 20 * KM, "width": 12 * KM,
            "strike": 25.0, "dip": 50.0,
        },
        "slip": {"dip": 1.0, "strike": 0.5},
    }  # fmt: skip
    return Case.model_validate(
        {
            "mesh": {
                "box": {"x": (-half, half), "y": (-half, half), "z": (-half, 0.0), "size": size}
            },
            "materials": {
                "upper": {"mu": 25e9, "nu": 0.25, "where": {"depth": (0.0, 10 * KM)}},
                "lower": {"mu": 40e9, "nu": 0.25, "where": {"depth": (10 * KM, 30 * KM)}},
                "mantle": {"mu": 70e9, "nu": 0.27, "where": {"depth": (30 * KM, half)}},
            },
            "faults": {"main": fault},
            "solver": {"backend": backend},
        }
    )


def worker(near: float, repeats: int, backend: str) -> None:
    """One rank: prints a line of JSON on rank 0."""
    counting = Counting(comm.world())
    comm.world = lambda: counting  # type: ignore[assignment]
    with progress.reporting(quiet=True):
        wanted = case(near, backend)
        mine = share(wanted, lambda: build_model(wanted))
        start = time.perf_counter()
        operator, preconditioner = pieces(wanted, mine)
        setup = time.perf_counter() - start
        load = operators.load(operator, mine.model.sources, mine.model.conditions)
        best: dict[str, Any] = {}
        for _ in range(repeats):
            counting.clear()
            found = solvers.solve(operator, preconditioner, load)
            if not best or found.seconds < best["solve_s"]:
                best = {
                    "solve_s": found.seconds,
                    "iterations": found.iterations,
                    "messages": counting.messages,
                    "bytes": counting.bytes,
                    "sums": counting.sums,
                    "calls": counting.calls,
                    "comm_s": counting.seconds,
                }
    shared = 0 if mine.space().halo is None else len(mine.space().halo.nodes)
    unknowns = 3 * mine.n_nodes()
    own = {"nodes": mine.space().n_nodes, "shared": shared, "peak": peak_memory()}
    rows = counting.gather({**best, **own})
    if rows is None:
        return
    peaks = [row.pop("peak") for row in rows]
    size: dict[str, Any] = {"unknowns": unknowns, "tets": mine.whole.mesh.n_tets, "setup_s": setup,
            "peak_of_rank_0": peaks[0], "peak_of_others": max(peaks[1:], default=0)}  # fmt: skip
    most = {key: max(row[key] for row in rows) for key in rows[0]}
    least = min(row["comm_s"] for row in rows)
    on_device = counting.takes_device and backends.is_cuda(operator.backend)
    size["memory_of_messages"] = "device" if on_device else "host"
    print(json.dumps({**size, **most, "least_comm_s": least}))


def bridge(repeats: int = 20_000) -> float:
    """Seconds of one call from the core into Python and back that does nothing."""
    from femcrust.backends import core

    class Idle:
        rank, size, takes_device = 0, 2, False

        def sum(self, values: Any) -> None: ...

        def channel(self, out: Any, come: Any) -> Any:
            return self

        def start(self) -> None: ...

        def finish(self) -> None: ...

    halo = core().Halo(Idle(), [1], [np.zeros(1, dtype=np.int32)])
    values = np.zeros((1, 3))
    halo.sum(values)
    start = time.perf_counter()
    for _ in range(repeats):
        halo.sum(values)  # start and finish: two calls
    return (time.perf_counter() - start) / repeats / 2


def measured(ranks: int, near: float, repeats: int, backend: str) -> dict[str, Any]:
    program = comm.mpirun()
    words = [sys.executable, __file__, "--worker", "--backend", backend]
    words += ["--near", str(near), "--repeats", str(repeats)]
    if ranks > 1:
        words = [str(program), "-n", str(ranks), *words]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr or f"status {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"ranks": ranks, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranks", type=int, nargs="+", default=RANKS)
    parser.add_argument("--near", type=float, default=2.5, help="edge length at the fault, km")
    parser.add_argument("--repeats", type=int, default=3, help="solves; the fastest counts")
    parser.add_argument("--json", type=Path, help="keep the numbers here")
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        worker(given.near, given.repeats, given.backend)
        return
    call = bridge()
    print(f"a call of the core into Python and back: {1e6 * call:.2f} µs")
    rows = []
    for ranks in given.ranks:
        row = measured(ranks, given.near, given.repeats, given.backend)
        rows.append(row)
        n = max(1, row["iterations"])
        print(
            f"{ranks} ranks {row['unknowns']:,} unknowns, {row['iterations']} iterations,"
            f" setup {row['setup_s']:.2f} s, solve {row['solve_s']:.3f} s,"
            f" {rows[0]['solve_s'] / row['solve_s']:.2f} times one;"
            f" an iteration: {row['messages'] / n:.0f} messages, {row['bytes'] / n / 1e3:.0f} kB,"
            f" {row['sums'] / n:.1f} sums; shared {row['shared']:,} of {row['nodes']:,} nodes;"
            f" in MPI {100 * row['least_comm_s'] / row['solve_s']:.1f}"
            f" … {100 * row['comm_s'] / row['solve_s']:.1f} %,"
            f" bridge {100 * row['calls'] * call / row['solve_s']:.2f} %;"
            f" peak memory of rank 0 {row['peak_of_rank_0'] / 1e6:.0f} MB,"
            f" of the others {row['peak_of_others'] / 1e6:.0f}; {row['tets']:,} tetrahedra"
        )
    if given.json:
        given.json.write_text(json.dumps({"machine": description(), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
