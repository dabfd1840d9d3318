"""Numbers that sum a result up: fit of each data set, moment, peak."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from femcrust.faults.source import magnitude
from femcrust.inversion.design import Problem
from femcrust.mesh.mesh import Floats


@dataclass(frozen=True)
class Fit:
    """Of one data set, weighted by its own sigmas: rms, m; reduction of variance; χ² a number."""

    name: str
    count: int
    rms: float
    wrms: float
    variance_reduction: float
    chi2: float
    factor: float

    @property
    def percent(self) -> str:
        """The reduction of variance for people, rounded down: what is left is never nothing."""
        return f"{math.floor(1e4 * self.variance_reduction) / 100.0:.2f}"


def fits(problem: Problem, predicted: Floats, factors: Floats) -> list[Fit]:
    """How well each data set is met; `factors` of the variances were found with the weight."""
    found = []
    for part, rows, factor in zip(problem.data, problem.sets, factors, strict=True):
        left = part.values - predicted[rows]
        weight = 1.0 / np.diag(part.covariance)
        worst = float(weight @ left**2)
        found.append(
            Fit(
                name=part.name,
                count=len(part),
                rms=float(np.sqrt(np.mean(left**2))),
                wrms=float(np.sqrt(worst / weight.sum())),
                variance_reduction=1.0 - worst / max(float(weight @ part.values**2), 1e-300),
                chi2=worst / len(part),
                factor=float(factor),
            )
        )
    return found


@dataclass(frozen=True)
class Moment:
    """Of one fault, or all: Σ μ A |shear slip|, its deviation, and that of the summed tensors."""

    name: str
    area: float
    moment: float
    deviation: float
    net: float
    peak: float
    least: float

    @property
    def magnitude(self) -> float:
        return magnitude(self.moment)


def moments(problem: Problem, slip: Floats, covariance: Floats) -> list[Moment]:
    """Of all faults together, then of each where there are several."""
    names = np.unique(problem.library.fault)
    whole = [("all", np.ones(len(problem.library), dtype=bool))]
    if len(names) > 1:
        whole += [(str(name), problem.library.fault == name) for name in names]
    return [_moment(problem, slip, covariance, name, rows) for name, rows in whole]


def _moment(problem: Problem, slip: Floats, covariance: Floats, name: str, rows: Floats) -> Moment:
    library, basis = problem.library, problem.basis
    count = len(basis.names)
    every = slip.reshape(-1, count)
    shear = every[:, : basis.in_plane]
    size = np.linalg.norm(shear, axis=1)
    strength = library.rigidity * library.area * rows
    gradient = np.zeros_like(every)
    direction = shear / np.where(size > 0.0, size, 1.0)[:, None]
    gradient[:, : basis.in_plane] = strength[:, None] * direction
    g = gradient.ravel()
    vectors = np.einsum("pc,pci->pi", shear, basis.frames[:, : basis.in_plane])
    dyad = np.einsum("p,pi,pj->ij", strength, vectors, library.frame[:, 2])
    return Moment(
        name=name,
        area=float(library.area[rows].sum()),
        moment=float(strength @ size),
        deviation=float(np.sqrt(max(float(g @ covariance @ g), 0.0))),
        net=float(np.linalg.norm(dyad + dyad.T) / np.sqrt(2.0)),
        peak=float(np.linalg.norm(every, axis=1)[rows].max()),
        least=float(every[rows].min()),
    )
