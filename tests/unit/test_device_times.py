"""Times of launches: each counted once, under the kernel that it is, and only while asked for."""

from __future__ import annotations

from typing import Any

import pytest

import hard_bodies as hard
from femcrust import backends, solvers


@pytest.fixture(scope="module")
def body() -> Any:
    return hard.cube(4, {"rock": hard.ROCK})


def test_a_solve_is_the_sum_of_its_launches(on_device: Any, body: Any) -> None:
    operator, multigrid, load = hard.prepared(body, backend=on_device)
    for _ in range(3):  # the cycle is recorded by then
        plain = solvers.solve(operator, multigrid, load)
    device = backends.core().device
    device.start_times()
    timed = solvers.solve(operator, multigrid, load)
    found = device.stop_times()
    assert (timed.displacement == plain.displacement).all()
    names = [kernel for kernel, _, _ in found]
    seconds = [one for _, _, one in found]
    assert len(set(names)) == len(names)
    assert seconds == sorted(seconds, reverse=True)
    assert min(seconds) >= 0
    assert sum(seconds) <= timed.iterating
    # of every iteration, of the first residual and of the one that is believed
    products = [n for kernel, n, _ in found if kernel.startswith("element_product [F = Fp64;")]
    assert products == [timed.iterations + 2]
    updates = [n for kernel, n, _ in found if kernel.startswith("advance_kernel [T = double")]
    assert updates == [timed.iterations]


def test_nothing_is_timed_unasked(on_device: Any, body: Any) -> None:
    operator, multigrid, load = hard.prepared(body, backend=on_device)
    device = backends.core().device
    solvers.solve(operator, multigrid, load)
    assert device.stop_times() == []
    device.start_times()
    assert device.stop_times() == []
