"""The displacement of a stage where rock creeps by a power of its stress: a fixed point.

A solve with the matrix of the step takes a trial u to g(u); its first residual is that of the
equations of the stage at u. The matrix keeps a mean of what stress keeps along its direction and
across it, so that plain iteration takes off a part of the error that is (n − 1)/(n + 1) at worst;
mixing the last trials [WalkerNi11] takes off more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from femcrust.errors import NotConverged
from femcrust.mesh.mesh import Floats
from femcrust.solvers import Solution

Products = Callable[[Sequence[Floats], Sequence[Floats]], Floats]

MOST = 60  # solves
KEPT = 6  # trials that are mixed
FAR = 1e3  # growth of the residual that is given up
EARLY = 12  # solves after which it is foreseen how many more there would be


class StageFailed(NotConverged):
    """No fixed point was found."""


def matrix_of_products(a: Sequence[Floats], b: Sequence[Floats]) -> Floats:
    """a_i · b_j, (len(a), len(b))"""
    return np.asarray(np.stack([x.ravel() for x in a]) @ np.stack([x.ravel() for x in b]).T)


def fixed_point(
    attempt: Callable[[Floats], Solution],
    u: Floats,
    tolerance: float,
    products: Products = matrix_of_products,
) -> tuple[Solution, int]:
    """u with a first residual of `attempt` below the tolerance, and how many solves it took; of all
    of them are the iterations, the seconds, and the residuals, of the equations at each trial.

    products : of some vectors with others
    """
    mixer, iterations, seconds, residuals = _Mixer(products), 0, 0.0, list[float]()
    first = least = np.inf
    for solves in range(1, MOST + 1):
        found = attempt(u)
        residual = found.residuals[0]
        iterations, seconds = iterations + found.iterations, seconds + found.seconds
        residuals.append(residual)
        if residual <= tolerance:
            return Solution(u, iterations, residuals, seconds), solves
        if solves == 1:
            first = residual
        least = min(least, residual)
        if not residual <= FAR * least or (
            solves >= EARLY and _hopeless(solves, first, least, tolerance)
        ):
            break
        u = mixer.next(u, found.displacement)
    raise StageFailed(
        f"creep does not converge within {solves} solves: the residual is {residual:.1e}, of"
        f" {tolerance:.1e} wanted"
    )


def _hopeless(solves: int, first: float, least: float, tolerance: float) -> bool:
    """Whether the residual, falling as it did, needs more than MOST solves."""
    return bool(least * (least / first) ** (MOST / solves - 1) > tolerance)


class _Mixer:
    """Anderson's: the next trial is that combination of the last images g(u) whose change g(u) − u
    is least."""

    def __init__(self, products: Products) -> None:
        self._products = products
        self._changes: deque[Floats] = deque(maxlen=KEPT)  # differences of g(u) − u
        self._images: deque[Floats] = deque(maxlen=KEPT)  # and of g(u), from trial to trial
        self._last: tuple[Floats, Floats] | None = None

    def next(self, u: Floats, image: Floats) -> Floats:
        change = image - u
        if self._last is not None:
            self._changes.append(change - self._last[0])
            self._images.append(image - self._last[1])
        self._last = change, image
        if not self._changes:
            return image
        changes = list(self._changes)
        found = self._products(changes, [*changes, change])
        weights = np.linalg.lstsq(found[:, :-1], found[:, -1], rcond=1e-12)[0]
        mixed = image.copy()
        for weight, difference in zip(weights, self._images, strict=True):
            mixed -= weight * difference
        return mixed
