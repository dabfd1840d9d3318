"""Coulomb stress change on optimal planes: against a search over all planes, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from femcrust.outputs.optimal import optimal_coulomb, regional_stress
from femcrust.outputs.strain import PAIRS


def tensor(six: np.ndarray) -> np.ndarray:
    full = np.zeros((3, 3))
    for value, (i, j) in zip(six, PAIRS, strict=True):
        full[i, j] = full[j, i] = value
    return full


def by_search(change: np.ndarray, regional: np.ndarray, friction: float) -> tuple[float, float]:
    """Of the best plane of 40,000 and its neighbours: the whole Coulomb stress, and the change of
    the best two."""
    whole = tensor(change) + regional
    golden = np.pi * (3 - np.sqrt(5))
    k = np.arange(40_000)
    z = 1 - (k + 0.5) / len(k)  # one hemisphere
    r = np.sqrt(1 - z * z)
    n = np.stack([r * np.cos(golden * k), r * np.sin(golden * k), z], axis=1)
    for width in (0.02, 1e-3, 1e-4, 1e-5):
        t = n @ whole
        normal = (t * n).sum(axis=1)
        along = t - normal[:, None] * n
        shear = np.linalg.norm(along, axis=1)
        score = shear + friction * normal
        best = np.argsort(score)[-400:]
        slip = along[best] / shear[best, None]
        delta = np.einsum("ki,ij,kj->k", slip + friction * n[best], tensor(change), n[best])
        top, changes = score.max(), delta
        random = np.random.default_rng(3)
        spread = n[best][:, None] + width * random.normal(size=(len(best), 50, 3))
        n = np.concatenate([n[best], spread.reshape(-1, 3)])
        n /= np.linalg.norm(n, axis=1)[:, None]
    return top, changes.max()


@pytest.mark.parametrize("seed", range(4))
def test_no_plane_is_more_favoured(seed: int) -> None:
    random = np.random.default_rng(seed)
    change = random.normal(size=6)
    regional = regional_stress("strike_slip", 40.0 * seed, (9.0, 5.0, 1.0))
    friction = [0.0, 0.2, 0.4, 0.8][seed]
    top, larger = by_search(change, regional, friction)
    w = np.linalg.eigvalsh(tensor(change) + regional)
    # Mohr's circle: the line τ + μ σ_n = c touches it
    radius, middle = (w[2] - w[0]) / 2, (w[2] + w[0]) / 2
    assert top == pytest.approx(radius * np.hypot(1, friction) + friction * middle, rel=1e-6)
    assert float(optimal_coulomb(change, regional, friction)) == pytest.approx(larger, abs=2e-2)


def test_a_change_like_the_regional_stress_brings_its_circle_closer() -> None:
    """A part of the regional stress itself: the favoured planes are its own, both alike."""
    regional = regional_stress("thrust", 30.0, (10.0, 6.0, 2.0))
    change = np.array([0.1 * regional[i, j] for i, j in PAIRS])
    for friction in (0.0, 0.4):
        wanted = 0.1 * (4 * np.hypot(1, friction) - 6 * friction)
        assert float(optimal_coulomb(change, regional, friction)) == pytest.approx(wanted)


def test_regimes_have_their_vertical_axis_and_turn_with_the_azimuth() -> None:
    s = (3.0, 2.0, 1.0)
    assert regional_stress("thrust", 0.0, s)[2, 2] == -1
    assert regional_stress("strike_slip", 0.0, s)[2, 2] == -2
    assert regional_stress("normal", 0.0, s)[2, 2] == -3
    north = regional_stress("strike_slip", 0.0, s)
    assert (north[1, 1], north[0, 0]) == (-3, -1)
    east_of_north = regional_stress("strike_slip", 45.0, s)
    assert east_of_north[0, 1] == pytest.approx(-1.0)  # the squeeze is along (1, 1)


def test_many_at_once_are_each_alone() -> None:
    changes = np.random.default_rng(8).normal(size=(5, 4, 6))
    regional = regional_stress("normal", 10.0, (9.0, 5.0, 1.0))
    found = optimal_coulomb(changes, regional, 0.4)
    assert found.shape == (5, 4)
    assert found[3, 2] == optimal_coulomb(changes[3, 2], regional, 0.4)
