"""The flow of a body in the core against the formulae of materials/branch.hpp in NumPy."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from flow_points import Case, assert_same, case

from femcrust import backends

CASES = {
    "one branch everywhere": lambda: case(1, 1.0, 0),
    "three branches, gaps, faces": lambda: case(3, 0.6, 4),
    "two branches, few elements, faces": lambda: case(2, 0.02, 3),
    "faces only": lambda: case(1, 0.0, 2, n=2),
}


@pytest.fixture(scope="module", params=CASES)
def some(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]()


def test_two_steps_are_those_of_the_formulae(some: Case, backend: Any) -> None:
    """A restart, a step, one that is refused and taken anew shorter; stress between the ends."""
    flow, (inside, outside), u = some.flow(backend), some.references(), some.u
    both = inside, outside
    n = len(u[0])
    some.set_offsets(flow, inside, 1.0)
    flow.restart(u[0])
    for r in both:
        r.restart(u[0])
    for k, (dt, accepted) in enumerate([(0.7, True), (3.0, False), (0.4, True)]):
        assert_same(flow.first(dt), sum(r.first(dt, n) for r in both))
        some.set_offsets(flow, inside, 1.0 - 0.3 * k)
        assert_same(flow.second(dt, u[1 + k % 2]), sum(r.second(dt, u[1 + k % 2]) for r in both))
        some.set_offsets(flow, inside, 0.5 + k)
        norms = flow.last(dt, u[3])
        wanted = sum(r.last(dt, u[3]) for r in both)
        assert_same(norms[0], wanted[0])
        assert_same(norms[1], wanted[1])
        if not accepted:
            continue
        flow.accept()
        for r in both:
            r.accept()
        for theta in (0.0, 0.3, 1.0):
            assert_same(flow.stress(dt, theta), inside.stress(dt, theta))


def step(some: Case, backend: Any) -> list[np.ndarray]:
    """All that one step gives."""
    flow = some.flow(backend)
    flow.set_offsets(some.offset_cells, some.offsets)
    flow.restart(some.u[0])
    values = [flow.first(0.5), flow.second(0.5, some.u[1]), *flow.last(0.5, some.u[2])]
    flow.accept()
    return [*map(np.asarray, values), np.asarray(flow.stress(0.5, 0.6))]


def test_a_device_gives_the_same_bits_again_and_those_of_the_host_but_for_rounding(
    on_device: Any,
) -> None:
    some = CASES["three branches, gaps, faces"]()
    backends_of = backends.select("cpu"), on_device, on_device
    for host, device, again in zip(*(step(some, b) for b in backends_of), strict=True):
        assert_same(device, host)
        assert np.array_equal(device, again)


def test_one_thread_and_two_give_the_same_bits() -> None:
    some, before = case(2, 0.9, 2, n=8), backends.set_threads(None)
    try:
        found = []
        for threads in (1, 2):
            backends.set_threads(threads)
            found.append(step(some, backends.select("cpu")))
    finally:
        backends.set_threads(before)
    assert all(np.array_equal(one, two) for one, two in zip(*found, strict=True))


@pytest.mark.parametrize("name", ["v2", "v3"])
def test_other_instruction_sets_follow_the_formulae(name: str) -> None:
    if name >= str(backends.core().instruction_set):
        pytest.skip("the one that the other tests use, or one that is not here")
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(
        [*pytest_here, "-k", "steps and cpu"],
        env={**os.environ, "FEMCRUST_ISA": name},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_elements_must_ascend_and_lie_in_the_body(backend: Any) -> None:
    some = CASES["faces only"]()
    for wrong in ([3, 2], [2, 2], [-1], [len(some.space.elements)]):
        some.elements = np.array(wrong, dtype=np.int32)
        some.moduli = some.rates = np.ones((len(wrong), 1))
        with pytest.raises(Exception, match="elements: "):
            some.flow(backend)
