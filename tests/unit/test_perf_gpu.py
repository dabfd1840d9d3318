"""What perf/gpu.sh measures with: rivals that compute the same, bodies of the size they claim,
programs that fail or are missing and do not end the rest."""

from __future__ import annotations

import ctypes
import doctest
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sparse

from conftest import absent
from femcrust import backends, memory, operators
from femcrust.boundaries.conditions import Conditions
from femcrust.discretisation import Discretisation, discretise
from small_meshes import split_cubes

ROUNDING = 1e-12
SHIM = """
#include <cmath>
#define __device__ static
#define __global__
#define __shared__ static
struct Place { int x; };
static Place blockIdx{0}, blockDim{1}, threadIdx{0};
template <class T> void atomicAdd(T* to, T value) { *to += value; }
static void __syncwarp() {}
#include "rivals.cu"
extern "C" void every(int n, const int* e, const REAL* p, const REAL* l, const REAL* m,
                      const REAL* x, REAL* y) {
  for (blockIdx.x = 0; blockIdx.x < n + 3; ++blockIdx.x) naive(n, e, p, l, m, x, y);
}
"""

# Stands in for nvcc: makes a program that prints one version if its source says `good`.
BUILDER = """#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --build) folder=$2; shift ;; --target) name=$2; shift ;; esac
  shift
done
[ "$name" = broken ] && { echo planted error; exit 1; }
out=$folder/perf/kernels/$name
mkdir -p "$folder/perf/kernels"
echo "#!/bin/sh" > "$out"
[ "$name" = good ] && cat >> "$out" << 'END'
echo "a table for $1"
echo '{"version": "one", "seconds": 0.5, "bytes": 1000}'
END
chmod +x "$out"
"""


@pytest.fixture
def perf(monkeypatch: pytest.MonkeyPatch, root: Path) -> Any:
    monkeypatch.syspath_prepend(str(root / "perf"))
    monkeypatch.syspath_prepend(str(root / "perf" / "gpu"))

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    return module


@pytest.fixture
def body() -> tuple[Discretisation, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Jiggled cubes with random moduli, a displacement and femcrust's forces of the free body."""
    space = discretise(split_cubes((3, 2, 3), (2.0, 3.0, 1.0), jiggle=0.2))
    rng = np.random.default_rng(150_882_349)
    lam, mu = rng.uniform(1.0, 20.0, (2, space.mesh.n_tets))
    x = rng.normal(size=(space.n_nodes, 3))
    operator = operators.elastic(space, lam, mu, Conditions(), backends.select("cpu"))
    return space, lam, mu, x, operator @ x


@pytest.mark.parametrize("real", ["double", "float"])
def test_naive_kernel_is_the_product(body: Any, real: str, root: Path, tmp_path: Path) -> None:
    compiler = shutil.which("g++")
    if compiler is None:
        absent("g++", "g++ is not here to compile the kernel for the host")
    space, lam, mu, x, y = body
    (tmp_path / "shim.cpp").write_text(SHIM, encoding="utf-8")
    library = tmp_path / "shim.so"
    flags = ["-O1", "-shared", "-fPIC", f"-DREAL={real}", f"-I{root / 'perf' / 'gpu'}"]
    subprocess.run([compiler, *flags, str(tmp_path / "shim.cpp"), "-o", str(library)], check=True)
    kind = np.float64 if real == "double" else np.float32
    arrays = [space.elements, *(v.astype(kind) for v in (space.nodes, lam, mu, x))]
    out = np.zeros((space.n_nodes, 3), dtype=kind)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (*arrays, out)]
    ctypes.CDLL(str(library)).every(len(space.elements), *pointers)
    error = np.linalg.norm(out - y) / np.linalg.norm(y)
    assert error <= (ROUNDING if real == "double" else 1e-5)
    # planted: λ and μ exchanged
    pointers[2], pointers[3] = pointers[3], pointers[2]
    ctypes.CDLL(str(library)).every(len(space.elements), *pointers)
    assert not np.linalg.norm(out / 2 - y) <= 1e-3 * np.linalg.norm(y)


def test_assembled_rivals_are_the_product(
    body: Any, perf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rivals = perf("rivals")
    monkeypatch.setattr(rivals, "CHUNK", 37)  # several parts
    space, lam, mu, x, y = body
    rows = rivals.block_rows(np, np.add.at, space, lam, mu)
    begin, columns, blocks = rows
    size = (3 * space.n_nodes,) * 2
    matrix = sparse.bsr_matrix((blocks, columns, begin), shape=size)
    bound = ROUNDING * np.abs(y).max()
    np.testing.assert_allclose((matrix @ x.ravel()).reshape(-1, 3), y, atol=bound)
    scalar = sparse.csr_matrix(rivals.scalar_rows(np, *rows), shape=size)
    scalar.check_format()
    np.testing.assert_allclose((scalar @ x.ravel()).reshape(-1, 3), y, atol=bound)


def test_a_rival_that_differs_is_not_timed(perf: Any) -> None:
    rivals = perf("rivals")

    class OnDevice(np.ndarray):
        def get(self) -> np.ndarray:
            return np.asarray(self)

    y = np.random.default_rng(94_003_117).normal(size=(20, 3))
    for wrong in (y * 1.001, y * np.nan):

        def work(wrong: np.ndarray = wrong) -> dict[str, Any]:
            found = wrong.view(OnDevice)
            return dict(rivals._checked(found, y, "double", lambda: None, 1.0, 1.0))

        assert "differs from the product" in rivals._tried("planted", work)["failed"]


@pytest.mark.parametrize("size", ["3e4", "3e5", "1e6"])
def test_bodies_have_the_unknowns_that_are_forecast(perf: Any, size: str) -> None:
    bodies = perf("bodies")
    counts, n_infinite = bodies.counts(size)
    assert 0.7 <= counts.unknowns / float(size) <= 1.3
    if size == "1e6":
        return
    made = bodies.body(size)
    assert discretise(made.fine.mesh).n_dof == counts.unknowns
    assert made.fine.mesh.n_tets == counts.tets == len(made.mu)
    # the forecast takes the ground for buried, too: at most a third more
    assert (
        len(made.conditions.infinite.faces) <= n_infinite <= 2 * len(made.conditions.infinite.faces)
    )


def test_largest_body_fits_device_and_host(perf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    solves, bodies = perf("solves"), perf("bodies")
    monkeypatch.setattr(bodies, "SIZES", {k: bodies.SIZES[k] for k in ("3e4", "3e5", "1e6")})
    counts, n_infinite = bodies.counts("3e5")
    sizes = counts.tets, counts.unknowns // 3, counts.vertices
    needed = memory.device_bytes(*sizes, n_infinite=n_infinite)
    plenty = 10**12
    all_ = ["1e6", "3e5", "3e4"]
    assert list(solves.fitting(plenty, plenty)) == all_
    assert list(solves.fitting(int(needed / solves.SHARE) + 1, plenty)) == all_[1:]
    assert list(solves.fitting(int(needed / solves.SHARE) - 9, plenty)) == all_[2:]
    assert list(solves.fitting(plenty, counts.unknowns * solves.HOST_BYTES)) == all_[1:]
    assert not list(solves.fitting(plenty, 1000))


@pytest.mark.parametrize("fails", [False, True])
def test_where_the_largest_fails_the_next_is_tried(
    perf: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fails: bool
) -> None:
    solves, record = perf("solves"), perf("record")
    tried = []

    def one(size: str, *_: Any) -> list[dict[str, Any]]:
        tried.append(size)
        failed = {"failed": "no memory"} if fails and size == "9e8" else {}
        return [{"solver": "planted", "size": size, **failed}]

    head = {"copy_bytes_per_s": 1e9, "device": "none", "device_memory": {"free": 1}}
    monkeypatch.setattr(solves, "one", one)
    monkeypatch.setattr(solves, "fitting", lambda *_: iter(["9e8", "8e8", "6e8", "1e8"]))
    monkeypatch.setattr(record, "about", lambda _: head)
    monkeypatch.setattr(sys, "argv", ["solves.py", str(tmp_path)])
    solves.main()
    assert tried == [*solves.GROWING, "9e8", *(["8e8"] if fails else [])]
    # where the largest are among the growing ones, all of these are measured
    tried.clear()
    monkeypatch.setattr(solves, "fitting", lambda *_: iter(["1e7", "1e6"]))
    solves.main()
    assert tried == [*solves.GROWING]


@pytest.mark.parametrize("name", ["solves", "jobs"])
def test_docstring_examples_of_scripts_run(perf: Any, name: str) -> None:
    found = doctest.testmod(perf(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_a_solve_that_fails_leaves_what_it_measured(perf: Any, tmp_path: Path) -> None:
    solves = perf("solves")
    runs = solves.one("3e4", "cpu", 3e10, 120.0, tmp_path)
    found = {run["solver"]: run for run in runs}
    assert 5 < found["femcrust"]["solves"]["cold"]["iterations"] < 15
    assert found["block Jacobi"]["iterations"] > 100
    assert found["femcrust"]["products"]["fp32_16"]["of_copy"] > 0
    assert all(len(row) == len(solves.HEAD) for row in solves.rows(runs))
    (wrong,) = solves.one("3e5", "no such device", 3e10, 120.0, tmp_path)
    assert "no such device" in wrong["failed"]
    (late,) = solves.one("3e5", "cpu", 3e10, 1.0, tmp_path)
    assert late["failed"].startswith("out of time after 1 s; last done: ")


def test_ladder_builds_runs_and_reads_every_program(
    perf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = perf("programs")
    builder = tmp_path / "cmake"  # makes a script of the target's name
    builder.write_text(BUILDER, encoding="utf-8")
    builder.chmod(0o755)
    monkeypatch.setenv("FEMCRUST_BUILD", str(tmp_path))
    monkeypatch.setattr(programs, "program", lambda name: str(builder))
    monkeypatch.setattr(programs.record, "copy_bandwidth", lambda backend: 4000.0)
    asked = {"good": ["small"], "broken": [], "silent": []}
    monkeypatch.setattr(programs, "ladders", lambda backend: asked)
    result, rows, good = programs.ladder("cpu", 60.0)
    assert not good
    assert result["good"]["versions"][0]["of_copy"] == 0.5
    assert "a table for small" in result["good"]["run"]["output"]
    assert "planted error" in result["broken"]["build"]["output"]
    assert result["silent"]["versions"] == []
    assert len(rows) == 3


def test_programs_that_are_missing_or_late_are_recorded(perf: Any) -> None:
    programs = perf("programs")
    assert programs.ran(["/no/such/program"], 5.0)["status"] == 127
    late = programs.ran(
        [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(60)"], 1.5
    )
    assert late["status"] == 124
    assert late["output"].startswith("1\n")
    assert programs.FOUND.findall("== ERROR SUMMARY: 3 errors") == [("3", "")]
    assert programs.FOUND.findall("= RACECHECK SUMMARY: 2 hazards displayed") == [("", "2")]


def test_results_of_one_device_become_its_baseline(perf: Any, tmp_path: Path) -> None:
    record = perf("record")
    head = {"device": "NVIDIA H200", "copy_bytes_per_s": 4e12}
    record.write(tmp_path, "build", {**head, "build_s": 60})
    record.write(tmp_path, "solves", {**head, "runs": []})
    path = record.keep(tmp_path, tmp_path / "kept")
    assert path.name == "nvidia-h200.json"
    assert set(json.loads(path.read_text("utf-8"))) == {"device", "build", "solves"}
    record.write(tmp_path, "suite", {**head, "device": "another"})
    with pytest.raises(SystemExit, match="results of 2 devices"):
        record.keep(tmp_path, tmp_path / "kept")


def test_commit_is_told_where_there_is_no_history(
    perf: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = perf("machine")
    monkeypatch.setenv("FEMCRUST_COMMIT", "abc123")
    assert machine.commit() == "abc123"
    monkeypatch.delenv("FEMCRUST_COMMIT")
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "machine.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert machine.commit() == "unknown"
    (tmp_path / "commit.txt").write_text("def456\n", encoding="utf-8")
    assert machine.commit() == "def456"


def test_script_tells_its_parts_and_refuses_others(root: Path) -> None:
    done = subprocess.run(["bash", str(root / "perf/gpu.sh"), "nonsense", "build/gpu"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 2
    assert "build|suite|sanitize|ladder|solves|relaxation|library|ranks|all" in done.stdout


RELAXED = """{"machine": "a card"}
{"guess": "learned", "unknowns": 30, "steps": 4, "iterations": 12, "whole_s": 2.5, "setup_s": 0.5}
{"guess": "proj"""


def test_what_a_program_printed_before_its_time_ended_counts(
    perf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = perf("jobs")
    monkeypatch.setattr(jobs, "ran", lambda *_, **__: {"status": 124, "output": RELAXED})
    result, rows, good = jobs.relaxation("cpu", 60.0)
    assert not good
    (run,) = result["runs"]
    assert run["times"] == {"whole_s": 2.5, "setup_s": 0.5}
    assert (run["solver"], run["iterations"]) == ("relaxation, learned", 12)
    assert rows == [("relaxation, learned", 30, 12, 2.5)]
    # what perf/compare.py makes of it
    counters, times = perf("compare").collect(result)
    assert counters["relaxation, learned iterations"] == [12.0]
    assert times["relaxation, learned times whole_s"] == [2.5]


def test_ranks_are_left_out_where_none_can_be_started(
    perf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = perf("jobs")
    monkeypatch.setattr(jobs, "ran", lambda *_, **__: {"status": 1, "output": "no mpirun\n"})
    result, _, good = jobs.ranks("cuda", 60.0)
    assert good
    assert result == {"refused": "no mpirun"}
    # but where they fail, the part does
    answers = iter([{"status": 0, "output": "takes 1"}, *[{"status": 139, "output": ""}] * 2])
    monkeypatch.setattr(jobs, "ran", lambda *_, **__: next(answers))
    result, _, good = jobs.ranks("cuda", 60.0)
    assert not good
    assert {"messages by the host", "messages by device addresses"} < set(result)
