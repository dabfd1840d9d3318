"""The forecast of a solve's memory on a device is what the device says that it holds, now and at
most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conftest import device_backend
from femcrust import backends, memory, operators, preconditioners, solvers
from femcrust.boundaries.conditions import Conditions, Infinite
from femcrust.discretisation import Discretisation, discretise
from femcrust.errors import MemoryShortage
from femcrust.mesh.box import BoxSpec, box_mesh
from femcrust.mesh.refinement import Refined, refined

KM = 1e3
BOX = BoxSpec((-32 * KM, 32 * KM), (-32 * KM, 32 * KM), (-32 * KM, 0), 4 * KM, 8 * KM)
# What blocks share and what is below the linear level are estimates for large meshes; in small ones
# less of the body is inside, and both are smaller.
LEAST, MOST = 0.97, 1.12


@pytest.fixture(scope="module")
def body() -> tuple[Refined, Discretisation]:
    fine = refined(box_mesh(BOX), 1)
    return fine, discretise(fine.mesh)


@pytest.mark.parametrize("case", ["mixed", "fp21", "double", "no infinite sides", "batch"])
def test_forecast_is_what_a_device_holds(
    body: tuple[Refined, Discretisation], case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(backends.EMULATION_VARIABLE, "")
    device = device_backend()
    fine, space = body
    outside = fine.exterior
    buried = outside.side != "top" if case != "no infinite sides" else outside.side == "bottom"
    far = Infinite(outside.faces[buried], outside.tets[buried], np.zeros(3), 2)
    mu = np.full(fine.mesh.n_tets, 30e9)
    before = backends.device_memory(device)["held"]
    backends.core().device.forget_most()
    operator = operators.elastic(space, mu, mu, Conditions(infinite=far), device)
    precision = case if case in preconditioners.STORAGE else "mixed"
    preconditioner: Any = preconditioners.build("multigrid", operator, precision)
    columns = 4 if case == "batch" else 1
    load = np.random.default_rng(618_205_733).normal(size=(space.n_nodes, 3, columns))
    solvers.solve_many(operator, preconditioner, load, tolerance=0.5)
    memory_now = backends.device_memory(device)
    held = memory_now["held"] - before
    # neither the setup nor a moment of the solve needs more
    assert memory_now["most_held"] - before == held
    arrays = memory.device_arrays(
        len(space.elements),
        space.n_nodes,
        space.n_vertices,
        columns,
        preconditioners.STORAGE[precision],
        int(buried.sum()),
    )
    assert LEAST <= sum(arrays.values()) / held <= MOST, (sum(arrays.values()), held)
    # a single solve borrows b and x; all else stays with the preconditioner until it goes
    del operator, preconditioner
    assert backends.device_memory(device)["held"] == before


def test_sums_and_refusal() -> None:
    sizes = 146_580, 203_471, 26_122
    needed = memory.device_bytes(*sizes)
    assert needed == sum(memory.device_arrays(*sizes).values())
    assert memory.device_bytes(*sizes, columns=16) > 5 * needed
    assert memory.device_bytes(*sizes, storage="fp64") > 1.3 * needed
    memory.check_device(needed, needed, 610_413)
    with pytest.raises(MemoryShortage, match=r"solver.backend: 610,413 unknowns need about 0.1"):
        memory.check_device(needed, needed - 1, 610_413)
