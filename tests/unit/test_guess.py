"""Initial guesses: what they must predict to rounding, and what they must let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest

from femcrust import _core
from femcrust.mesh.mesh import Floats
from femcrust.timestepping.guess import END, EVENT, GAMMA, MIDDLE, Extrapolated, Guess
from femcrust.timestepping.guesses import make_guess
from femcrust.timestepping.learned import Learned
from femcrust.timestepping.projected import Projected

NODES = 700  # more than two sub-domains of 256, the last one short
SEED = 77_345_921
NO_LOAD = np.zeros((NODES, 3))
Field = Callable[[float], Floats]


class Diagonal:
    """A positive diagonal as operator, and the solution under a load."""

    def __init__(self, values: Floats) -> None:
        self.values = values

    def __matmul__(self, u: Floats) -> Floats:
        return self.values * u


UNIT = Diagonal(np.ones((NODES, 3)))


def drive(guess: Guess, u: Field, steps: list[float], start: float = 0.0) -> Iterator[float]:
    """Takes a guess through steps and yields the largest error of each prediction."""
    t = start
    guess.event(u(t))
    for dt in steps:
        guess.step_changes(dt)
        middle, end = u(t + GAMMA * dt), u(t + dt)
        for stage, wanted in ((MIDDLE, middle), (END, end)):
            found = guess.predict(stage, UNIT @ wanted, UNIT)
            assert found is not None
            yield float(np.abs(found - wanted).max())
            if stage == MIDDLE:
                guess.halfway(middle)
        guess.learn(middle, end)
        t += dt


def decays(n: int, rates: list[float], amplitudes: tuple[float, ...] = (1.0,) * 6) -> Field:
    """Modes that decay, and a steady rate. Amplitudes are of order one."""
    rng = np.random.default_rng(SEED)
    shapes = rng.standard_normal((n + 2, NODES, 3))

    def u(t: float) -> Floats:
        total = shapes[n] + 0.01 * t * shapes[n + 1]
        for a, rate, shape in zip(amplitudes, rates, shapes, strict=False):
            total = total + a * np.exp(-rate * t) * shape
        return np.asarray(total)

    return u


def test_decaying_modes_are_continued_to_rounding_of_floats() -> None:
    # Four modes and a steady rate: five pairs know the map, and increments are below 0.5.
    u = decays(4, [0.2, 0.5, 1.0, 2.0])
    steps = [0.25] * 10
    learned = [*drive(Learned(pairs=8, nodes=256, young=Extrapolated(3)), u, steps)]
    assert max(learned[14:]) < 3e-6  # float: 6e-8 of increments, times the sum of |c|
    assert min([*drive(Extrapolated(3), u, steps)][14:]) > 1e-5  # a cubic does not see it


def test_sub_domains_learn_each_their_own() -> None:
    """Rates that differ from place to place: no combination holds everywhere, each does at home."""
    rates = np.where(np.arange(NODES) < 256, 0.3, np.where(np.arange(NODES) < 512, 1.1, 2.3))
    amplitude = np.random.default_rng(SEED).standard_normal((NODES, 3))

    def u(t: float) -> Floats:
        return np.asarray(amplitude * np.exp(-rates * t)[:, None])

    # One column knows the map at home; three are needed by one domain for all.
    at_home = [*drive(Learned(pairs=1, nodes=256), u, [0.3] * 6)][-1]
    together = [*drive(Learned(pairs=1, nodes=NODES), u, [0.3] * 6)][-1]
    assert at_home < 1e-6 < 1e-3 < together


@pytest.mark.parametrize("order", [1, 2, 3])
def test_polynomials_of_the_order_are_exact_through_changing_steps(order: int) -> None:
    shapes = np.random.default_rng(SEED).standard_normal((5, NODES, 3))

    def u(degree: int) -> Field:
        return lambda t: np.tensordot([t**k for k in range(degree + 1)], shapes[: degree + 1], 1)

    steps = [0.1, 0.1, 0.2, 0.4, 0.1, 0.3]
    assert max([*drive(Extrapolated(order), u(order), steps)][order:]) < 1e-12
    assert max([*drive(Extrapolated(order), u(order + 1), steps)][order:]) > 1e-3


def test_the_middle_of_a_failed_try_counts_until_a_step_stands() -> None:
    shapes = np.random.default_rng(SEED).standard_normal((2, NODES, 3))

    def u(t: float) -> Floats:
        return np.asarray(shapes[0] + t * shapes[1])

    guess = Extrapolated(order=1)
    guess.event(u(0.0))
    guess.step_changes(1.0)
    guess.halfway(u(GAMMA))
    guess.step_changes(0.5)
    np.testing.assert_allclose(guess.predict(END, NO_LOAD, UNIT), u(0.5), atol=1e-13)
    guess.learn(u(GAMMA / 2), u(0.5))
    assert guess.bytes == 2 * NO_LOAD.nbytes


def test_a_cubic_keeps_what_is_known_when_the_step_doubles() -> None:
    u = decays(2, [0.2, 0.5])
    kept = [*drive(Extrapolated(3), u, [0.1] * 6 + [0.2] * 2)][12:]
    fresh = [*drive(Extrapolated(3), u, [0.2] * 2, start=0.6)]
    assert max(kept[:2]) < 0.01 * max(fresh[:2])


@pytest.mark.parametrize("kind", ["learned", "projection"])
def test_projection_bridges_a_doubling_of_the_step(kind: str) -> None:
    u = decays(2, [0.2, 0.5])
    errors = [*drive(make_guess(kind), u, [0.1] * 8 + [0.2] * 8)]
    assert max(errors[16:22]) < 1e-6  # three solutions span the modes
    assert max(errors[-2:]) < 1e-6


def test_a_map_of_another_step_is_forgotten() -> None:
    """More modes than new pairs, so that pairs of the old step would be called in."""
    u = decays(6, [0.1, 0.3, 0.7, 1.5, 3.0, 5.0])
    through = [*drive(Learned(pairs=8, nodes=256), u, [0.1] * 8 + [0.2] * 6)]
    anew = [*drive(Learned(pairs=8, nodes=256), u, [0.2] * 6, start=0.8)]
    assert through[16 + 7 :] == pytest.approx(anew[7:], rel=1e-6)


def test_an_event_leaves_the_map_and_breaks_the_sequence() -> None:
    """After a jump the modes go on from other amplitudes: what is known of the map still holds, and
    the step from before the jump to after it is no part of it."""
    before = decays(4, [0.2, 0.5, 1.0, 2.0])
    after = decays(4, [0.2, 0.5, 1.0, 2.0], amplitudes=(5.0, -3.0, 2.0, -4.0))
    guess = Learned(pairs=16, nodes=256, young=Extrapolated(3))
    first = [*drive(guess, before, [0.25] * 9)]
    second = [*drive(guess, after, [0.25] * 5)]
    assert max(first[-2:]) < 3e-6
    assert max(second[-3:]) < 1e-5  # three pairs alone would not know five modes
    assert min(drive(Learned(pairs=16, nodes=256, young=Extrapolated(3)), after, [0.25] * 4)) > 1e-4


def test_before_an_event_the_last_solution_is_the_guess() -> None:
    u = decays(2, [0.2, 0.5])
    for kind in ("previous", "extrapolated"):
        guess = make_guess(kind)
        assert guess.predict(EVENT, NO_LOAD, UNIT) is None
        assert [*drive(guess, u, [0.25] * 4)]
        np.testing.assert_array_equal(guess.predict(EVENT, NO_LOAD, UNIT), u(1.0))


def test_none_guesses_nothing() -> None:
    guess = make_guess("none")
    guess.event(NO_LOAD)
    assert guess.predict(MIDDLE, NO_LOAD, UNIT) is None


def test_projection_finds_what_past_solutions_span_under_any_matrix() -> None:
    rng = np.random.default_rng(SEED)
    past = rng.standard_normal((5, NODES, 3))
    for operator in (UNIT, Diagonal(rng.uniform(1, 100, (NODES, 3)))):
        guess = Projected(most=8, recent=5)
        for u in past:
            guess.event(u)
        wanted = np.tensordot([1.0, -2.0, 0.5, 3.0, 1.0], past, 1)
        for other in (operator, Diagonal(rng.uniform(1, 10, (NODES, 3)))):
            found = guess.predict(MIDDLE, other @ wanted, other)
            np.testing.assert_allclose(found, wanted, atol=1e-10)


def test_projection_is_the_best_of_the_span() -> None:
    rng = np.random.default_rng(SEED)
    operator = Diagonal(rng.uniform(1, 100, (NODES, 3)))
    guess = Projected()
    past = rng.standard_normal((3, NODES, 3))
    for u in past:
        guess.event(u)
    wanted = rng.standard_normal((NODES, 3))
    missed = wanted - guess.predict(END, operator @ wanted, operator)
    for u in past:  # Galerkin
        assert abs(np.vdot(u, operator @ missed)) < 1e-8


@pytest.mark.parametrize("kind", ["learned", "extrapolated", "projection", "previous"])
def test_memory_is_bounded(kind: str) -> None:
    guess = make_guess(kind)
    used = []
    for _ in drive(guess, decays(2, [0.02, 0.05]), [0.1] * 60):
        used.append(guess.bytes)
    assert max(used) == max(used[:90])
    floats, doubles = {"learned": (2 * 17 * 2048 * 3 * 4, 20), "extrapolated": (0, 5),
                       "projection": (0, 22), "previous": (0, 1)}[kind]  # fmt: skip
    assert max(used) <= floats + doubles * NO_LOAD.nbytes


@pytest.mark.parametrize("kind", ["learned", "extrapolated", "projection", "previous"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_never_enters(kind: str, bad: float) -> None:
    u = decays(2, [0.2, 0.5])
    guess = make_guess(kind)
    assert [*drive(guess, u, [0.25] * 5)]
    spoilt = u(1.5)
    spoilt[3, 1] = bad
    guess.step_changes(0.25)
    guess.halfway(spoilt)
    found = guess.predict(END, NO_LOAD, UNIT)
    assert found is None or np.isfinite(found).all()
    guess.learn(u(1.4), spoilt)
    assert all(np.isfinite([*drive(guess, u, [0.25] * 10, start=1.5)]))


def test_a_history_at_rest_is_no_division_by_zero() -> None:
    still = np.ones((NODES, 3))
    assert max(drive(Learned(pairs=4, nodes=256), lambda t: still, [1.0] * 8)) < 1e-12


def test_same_bits_for_any_number_of_threads() -> None:
    u, before = decays(5, [0.1, 0.3, 0.7, 1.5, 3.0]), _core.threads()
    found = []
    try:
        for threads in (1, 2, 5):
            _core.set_threads(threads)
            predictor = _core.Predictor(3 * NODES, 192, 8)
            times = np.cumsum([0.0, *[GAMMA * 0.2, (1 - GAMMA) * 0.2] * 7])
            for t0, t1 in pairwise(times):
                predictor.learn(u(t0), u(t1))
            found.append(predictor.predict(u(times[-1])))
    finally:
        _core.set_threads(before)
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


def test_pairs_that_lose_a_column_go() -> None:
    predictor = _core.Predictor(6, 3, 2)
    counts = []
    for k in range(9):
        predictor.learn(np.full(6, float(k)), np.full(6, k + 1.5))
        counts.append(predictor.pairs)
    assert counts == [0, 0, 1, 1, 2, 2, 2, 2, 2]
    predictor.interrupt()
    assert predictor.pairs == 0
    predictor.learn(np.zeros(6), np.ones(6))
    assert predictor.pairs == 1  # the map stays; two places went to increments without pair
    predictor.forget()
    with pytest.raises(ValueError, match="no pair"):
        predictor.predict(np.zeros(6))
    with pytest.raises(ValueError, match="wrong size"):
        predictor.learn(np.zeros(6), np.zeros(7))
