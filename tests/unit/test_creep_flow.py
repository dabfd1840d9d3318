"""Creep by a power of the stress in the core against materials/creep.hpp in NumPy, by bisection."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flow_points import Case, D, Points, Reference, assert_same, case, tets

from femcrust import backends


def length(w: np.ndarray) -> np.ndarray:
    """|w| = √(½ w:w), of the last two axes."""
    return np.sqrt((w * w).sum(axis=(-2, -1)) / 2)


def root(a: np.ndarray, b: np.ndarray, n: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x ≥ 0 with a x + b xⁿ = y, by bisection down to rounding."""
    with np.errstate(divide="ignore"):
        high = np.minimum(y / a, (y / b) ** (1 / n))
    low = np.zeros_like(high)
    for _ in range(120):
        x = (low + high) / 2
        above = a * x + b * x**n > y
        low, high = np.where(above, low, x), np.where(above, x, high)
    return (low + high) / 2


class Creep(Reference):
    """TR-BDF2 of v̇ = (r + p x^(n−1)) (e − v)."""

    def __init__(
        self, points: Points, moduli: np.ndarray, rates: np.ndarray, creep: tuple[Any, Any]
    ) -> None:
        super().__init__(points, moduli, rates)
        powers, exponents = creep
        self.p, self.n = powers[:, None, None], exponents[:, None, None]
        self.moduli = moduli[:, :, None, None, None]
        self.r = rates[:, :, None]
        self.held = np.ones(len(moduli))

    def rate_of(self, w: np.ndarray) -> np.ndarray:
        return (self.r + self.p * length(w) ** (self.n - 1))[..., None, None]

    def kept(self, dt: float, w_star: np.ndarray) -> np.ndarray:
        """w of w*."""
        y = length(w_star)
        return w_star * (root(1 + D * dt * self.r, D * dt * self.p, self.n, y) / y)[..., None, None]

    def restart(self, u: np.ndarray) -> None:
        w = self.strain(u) - self.v
        self.k0 = self.rate_of(w) * w

    def star(self, dt: float, second: bool) -> np.ndarray:
        if second:
            return self.v + dt * (1 - D) / 2 * (self.k0 + self.k1)
        return self.v + D * dt * self.k0

    def trial(self, second: bool, dt: float, u: np.ndarray) -> np.ndarray:
        e = self.strain(u)
        q = self.held[:, None, None, None, None] * e - self.kept(dt, e - self.star(dt, second))
        return self.points.forces((2 * self.moduli * q).sum(axis=1), len(u))

    def middle(self, dt: float, u: np.ndarray) -> None:
        w = self.kept(dt, self.strain(u) - self.star(dt, False))
        self.k1 = self.rate_of(w) * w

    def last(self, dt: float, u: np.ndarray) -> np.ndarray:
        left = self.kept(dt, self.strain(u) - self.star(dt, True))
        self.k2, self.next = self.rate_of(left) * left, self.strain(u) - left
        w = (1 - D) / 2
        error = (w - (1 - w) / 3) * self.k0 + (w - (3 * w + 1) / 3) * self.k1 + D * 2 / 3 * self.k2
        error = error * dt * self.held[:, None, None, None, None]
        weight = 2 * self.moduli[..., 0, 0] * self.points.weights[:, None]
        return np.array([(weight * (a * a).sum(axis=(3, 4))).sum() for a in (error, left)])

    def softness(self, dt: float) -> np.ndarray:
        """Between what is kept across w and along it, by a difference."""
        x = root(self.r, self.p, self.n, length(self.k0))
        a, b = 1 + D * dt * self.r, D * dt * self.p
        y = np.stack([x * (1 - 1e-5), x, x * (1 + 1e-5)])
        z = root(a, b, self.n, y)
        return (z[1] / x / 2 + (z[2] - z[0]) / (y[2] - y[0]) / 2)[:, 0]


def creeping(n_faces: int, seed: int = 8) -> Case:
    """Half of the elements creep, some by a power, some by diffusion, most by both."""
    some = case(1, 0.5, n_faces, seed=seed)
    some.u *= 0.03  # strains and rates are of order one
    some.offsets *= 0.3
    random = np.random.default_rng(seed)

    def powers(n: int) -> tuple[np.ndarray, np.ndarray]:
        p = 10.0 ** random.uniform(-2, 1, n)
        p[random.random(n) < 0.1] = 0.0
        return p, random.choice([1.5, 2.0, 3.5, 5.0], n)

    some.creep, some.face_creep = powers(len(some.elements)), powers(n_faces)
    for rates, (p, _) in ((some.rates, some.creep), (some.face_rates, some.face_creep)):
        rates[(random.random(len(rates)) < 0.2) & (p > 0)] = 0.0
    return some


def references(some: Case) -> tuple[Creep, Creep]:
    assert some.creep is not None
    assert some.face_creep is not None
    pairs = some.face_weights[:, :, None] * np.eye(6)
    faces = Points(some.face_nodes, some.face_gradients, pairs, some.face_weights)
    inside = Creep(tets(some.space, some.elements), some.moduli, some.rates, some.creep)
    return inside, Creep(faces, some.face_moduli, some.face_rates, some.face_creep)


@pytest.mark.parametrize("n_faces", [0, 4])
def test_two_steps_are_those_of_the_formulae(n_faces: int, backend: Any) -> None:
    """As for linear rock; each stage is tried twice."""
    some = creeping(n_faces)
    flow, u = some.flow(backend), some.u
    inside, outside = both = references(some)
    some.set_offsets(flow, inside, 1.0)
    flow.restart(u[0])
    for r in both:
        r.restart(u[0])
    random = np.random.default_rng(4)
    for k, (dt, accepted) in enumerate([(0.7, True), (3.0, False), (0.4, True)]):
        for r in both:
            r.held = random.uniform(0.2, 1, len(r.held))
        flow.hold(inside.held, outside.held)
        some.set_offsets(flow, inside, 1.0 - 0.3 * k)
        for trial in (u[1], u[2]):
            assert_same(flow.trial(False, dt, trial), sum(r.trial(False, dt, trial) for r in both))
        flow.middle(dt, u[2])
        for r in both:
            r.middle(dt, u[2])
        some.set_offsets(flow, inside, 0.5 + k)
        for trial in (u[0], u[3]):
            assert_same(flow.trial(True, dt, trial), sum(r.trial(True, dt, trial) for r in both))
        norms, wanted = flow.last(dt, u[3]), sum(r.last(dt, u[3]) for r in both)
        assert_same(norms[0], wanted[0])
        assert_same(norms[1], wanted[1])
        if not accepted:
            continue
        flow.accept()
        for r in both:
            r.accept()
        assert_same(flow.stress(dt, 0.3), inside.stress(dt, 0.3))
        # of a difference
        assert np.abs(flow.softness(dt) - inside.softness(dt)).max() < 1e-8


def test_what_has_flowed_is_what_an_elastic_matrix_lacks(backend: Any) -> None:
    some = creeping(3)
    flow, both = some.flow(backend), references(some)
    flow.restart(some.u[0])
    flow.trial(False, 0.5, some.u[0])
    flow.middle(0.5, some.u[1])
    flow.last(0.5, some.u[2])
    flow.accept()
    for r in both:
        r.restart(some.u[0])
        r.middle(0.5, some.u[1])
        r.last(0.5, some.u[2])
        r.accept()
    n = some.space.n_nodes
    wanted = sum(r.points.forces((2 * r.moduli * r.v).sum(axis=1), n) for r in both)
    assert_same(flow.first(0.0), wanted)


def everything(backend: Any) -> list[np.ndarray]:
    some = creeping(4)
    flow = some.flow(backend)
    flow.set_offsets(some.offset_cells, some.offsets)
    flow.restart(some.u[0])
    found = [flow.softness(0.5), flow.trial(False, 0.5, some.u[1])]
    flow.middle(0.5, some.u[1])
    found += [flow.trial(True, 0.5, some.u[2]), *flow.last(0.5, some.u[2])]
    flow.accept()
    return [*map(np.asarray, found), np.asarray(flow.stress(0.5, 0.6))]


def test_a_device_gives_the_same_bits_again_and_those_of_the_host_but_for_rounding(
    on_device: Any,
) -> None:
    found = zip(
        *(everything(b) for b in (backends.select("cpu"), on_device, on_device)), strict=True
    )
    for host, device, again in found:
        assert_same(device, host)
        assert np.array_equal(device, again)


def test_rock_that_does_not_flow_keeps_its_stress() -> None:
    """No strain, so no direction; and nothing of it is not a number."""
    some = creeping(2)
    flow = some.flow(backends.select("cpu"))
    rest = np.zeros_like(some.u[0])
    flow.restart(rest)
    assert not np.asarray(flow.trial(False, 0.5, rest)).any()
    flow.middle(0.5, rest)
    assert flow.last(0.5, rest) == (0.0, 0.0)
    assert some.creep is not None
    linear = 1 / (1 + D * 0.5 * some.rates)
    np.testing.assert_allclose(flow.softness(0.5), np.repeat(linear, 4, axis=1), rtol=1e-15)


def test_creep_of_cells_and_of_faces_comes_together(backend: Any) -> None:
    some = creeping(2)
    some.face_creep = None
    with pytest.raises(Exception, match="creep: of cells and of faces"):
        some.flow(backend)
    some = creeping(2)
    assert some.creep is not None
    some.creep = some.creep[0][1:], some.creep[1][1:]
    with pytest.raises(Exception, match="creep: "):
        some.flow(backend)
