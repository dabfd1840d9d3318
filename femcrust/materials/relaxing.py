"""How every tetrahedron relaxes: branches of its shear modulus, from values at its centroid.

The stress is σ = K tr(ε) I + 2 μ_∞ e + Σ_k 2 μ_k (e − v_k) with dv_k/dt = (e − v_k)/τ_k and
μ = μ_∞ + Σ μ_k, the modulus of `Elastic`; e is the deviator of the strain. The volume
stays elastic. Rock that creeps by a power of its stress has one branch with
dv/dt = (1/τ + p x^(n−1)) (e − v), x² = ½ (e − v):(e − v).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from femcrust.case.rheologies import MODELS, ROUNDING
from femcrust.errors import InputError
from femcrust.materials import creep, rheology
from femcrust.materials.elastic import LEAST, MOST, Elastic
from femcrust.materials.values import DataFiles, entry, evaluated, place
from femcrust.mesh.mesh import Floats, Ints, Mesh

LEAST_ETA, MOST_ETA = 1e-9, 1e30  # Pa s, the bounds of the case


@dataclass(frozen=True)
class Relaxing:
    """Branches of the elements that relax; n is that of the element with the most.

    elements : (m,) int32, ascending
    moduli : (m, n) Pa, zero where an element has fewer branches
    times : (m, n) s, infinite there
    powers : (m,) p, 1/s, of power-law creep; zero where flow is linear
    exponents : (m,) n of it
    """

    elements: Ints
    moduli: Floats
    times: Floats
    powers: Floats
    exponents: Floats

    @classmethod
    def linear(cls, elements: Ints, moduli: Floats, times: Floats) -> Relaxing:
        """Of branches alone."""
        return cls(elements, moduli, times, np.zeros(len(elements)), np.ones(len(elements)))

    @property
    def creeps(self) -> Any:
        """(m,) where flow is not linear."""
        return self.powers > 0

    def only(self, mask: Any) -> Relaxing:
        """Some of the elements, with as many branches as they need."""
        moduli = self.moduli[mask]
        width = max(1, int(np.count_nonzero(moduli.any(axis=0))))
        parts = (self.times[mask, :width], self.powers[mask], self.exponents[mask])
        return Relaxing(self.elements[mask], moduli[:, :width], *parts)

    def rows(self, mask: Any) -> Relaxing:
        """Some of the elements as they are."""
        return Relaxing(
            self.elements[mask],
            self.moduli[mask],
            self.times[mask],
            self.powers[mask],
            self.exponents[mask],
        )

    def lasting(self, mu: Floats) -> Floats:
        """μ_∞ (m,), Pa, of the moduli mu (n_tets,): what never relaxes; no rounding is left.

        >>> solid = Relaxing.linear(np.array([1]), np.array([[3.0, 1.0]]), np.array([[1.0, 9.0]]))
        >>> solid.lasting(np.array([7.0, 6.0])).tolist()
        [2.0]
        """
        whole = mu[self.elements]
        rest = whole - self.moduli.sum(axis=1)
        return np.where(rest > ROUNDING * whole, rest, 0.0)


def relaxing_fields(
    mesh: Mesh, materials: Mapping[str, Any], elastic: Elastic, directory: Path | str = "."
) -> Relaxing | None:
    """Evaluate the rheologies of a case at the centroids of the tetrahedra; None if all is elastic.

    materials : name -> Material of the case, those of `elastic`
    directory : where relative file names start
    """
    files = DataFiles(Path(directory))
    parts = []
    for i, (name, material) in enumerate(materials.items()):
        if (entry(material, "model") or "elastic") == "elastic":
            continue
        mine = np.flatnonzero(elastic.index == i)
        points = mesh.points[mesh.tets[mine]].mean(axis=1)
        reader = _Reader(f"materials.{name}", points, files)
        mu = elastic.mu[mine]
        if entry(material, "model") == "power_law":
            parts.append((mine, *_creep(reader, material, mu)))
        else:
            linear = np.zeros(len(mine)), np.ones(len(mine))
            parts.append((mine, *_branches(reader, material, mu), *linear))
    if not parts:
        return None
    most = max(moduli.shape[1] for _, moduli, *_ in parts)
    elements = np.concatenate([mine for mine, *_ in parts])
    order = np.argsort(elements)
    return Relaxing(
        elements[order].astype(np.int32),
        np.concatenate([_widened(m, most, 0.0) for _, m, *_ in parts])[order],
        np.concatenate([_widened(t, most, np.inf) for _, _, t, *_ in parts])[order],
        np.concatenate([powers for *_, powers, _ in parts])[order],
        np.concatenate([exponents for *_, exponents in parts])[order],
    )


@dataclass(frozen=True)
class _Reader:
    """Properties of one material at points (n, 3), m."""

    key: str
    points: Floats
    files: DataFiles

    def modulus(self, section: Any, name: str, at: str = "") -> Floats:
        """(n,) Pa"""
        return self._bounded(section, name, at, LEAST, MOST, "the shear modulus is positive")

    def viscosity(self, section: Any, name: str, at: str = "") -> Floats:
        """(n,) Pa s"""
        remedy = "viscosity is positive; where nothing relaxes use model: elastic"
        return self._bounded(section, name, at, LEAST_ETA, MOST_ETA, remedy)

    def anything(self, section: Any, name: str) -> Floats:
        """(n,) SI"""
        return evaluated(entry(section, name), name, self.points, self.files, f"{self.key}.{name}")

    def positive(self, section: Any, name: str) -> Floats:
        """(n,) SI"""
        return self._bounded(section, name, "", 0.0, np.inf, f"{name} is positive", above=True)

    def _bounded(
        self, section: Any, name: str, at: str, least: float, most: float, remedy: str,
        above: bool = False,
    ) -> Floats:  # fmt: skip
        where = f"{self.key}{at}.{name}"
        numbers = evaluated(entry(section, name), name, self.points, self.files, where)
        enough = numbers > least if above else numbers >= least
        self.require(enough & (numbers <= most), numbers, where, remedy)
        return numbers

    def require(self, good: Any, numbers: Floats, where: str, remedy: str) -> None:
        """Refuse a number that is not good, with its place."""
        bad = np.flatnonzero(~good)
        if len(bad):
            raise InputError(
                f"{where}: value is {numbers[bad[0]]:.6g} at {place(self.points[bad[0]])}; {remedy}"
            )


def _branches(read: _Reader, material: Any, mu: Floats) -> rheology.Branches:
    """Moduli and times (n, k) of one material whose shear modulus is mu (n,)."""
    model = entry(material, "model")
    if model == "maxwell":
        return rheology.maxwell(mu, read.viscosity(material, "eta"))
    if model == "generalised_maxwell":
        return _generalised_maxwell(read, entry(material, "branches"), mu)
    if model not in ("burgers", "standard_linear_solid"):
        known = ", ".join(MODELS)
        raise InputError(f"{read.key}.model: {model!r} is no model; choose one of {known}")
    kelvin = read.modulus(material, "mu_kelvin"), read.viscosity(material, "eta_kelvin")
    if model == "standard_linear_solid":
        return rheology.standard_linear_solid(mu, *kelvin)
    return rheology.burgers(mu, read.viscosity(material, "eta"), *kelvin)


def _creep(read: _Reader, material: Any, mu: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Moduli and times (n, 1), powers and exponents (n,) of rock that creeps."""
    n, rates, powers = 1.0, np.zeros_like(mu), np.zeros_like(mu)
    dislocation, diffusion = entry(material, "dislocation"), entry(material, "diffusion")
    if diffusion is not None:
        rates = creep.of_flow_law(mu, _prefactor(read, material, diffusion), 1.0)
    if dislocation is not None:
        n = entry(dislocation, "exponent")
        powers = creep.of_flow_law(mu, _prefactor(read, material, dislocation), n)
    elif diffusion is None:
        n, stress = entry(material, "exponent"), entry(material, "stress")
        powers = creep.of_viscosity(mu, read.viscosity(material, "eta"), stress, n)
    if n == 1.0:
        rates, powers = rates + powers, np.zeros_like(mu)
    with np.errstate(divide="ignore"):
        return mu[:, None], 1 / rates[:, None], powers, np.full(len(mu), n)


def _prefactor(read: _Reader, material: Any, law: Any) -> Floats:
    """Of a flow law at its places, MPa^-n s^-1. (n,)"""
    volume, grains = entry(law, "volume") or 0.0, entry(law, "grain_exponent") or 0.0
    water = entry(law, "water_exponent") or 0.0
    pressure = read.anything(material, "pressure") if volume else 0.0
    kelvin = read.positive(material, "temperature")
    energy = entry(law, "energy") or 0.0
    a = creep.activated(entry(law, "prefactor"), energy, volume, kelvin, pressure)
    if grains:
        a *= (read.positive(material, "grain_size") / creep.MICRO) ** -grains
    if water:
        a *= read.positive(material, "water") ** water
    return a


def _generalised_maxwell(read: _Reader, branches: Any, mu: Floats) -> rheology.Branches:
    names = [f".branches[{k}]" for k in range(len(branches))]
    moduli = [read.modulus(b, "mu", at) for b, at in zip(branches, names, strict=True)]
    etas = [read.viscosity(b, "eta", at) for b, at in zip(branches, names, strict=True)]
    total = np.sum(moduli, axis=0)
    bad = np.flatnonzero(total > mu * (1.0 + ROUNDING))
    if len(bad):
        raise InputError(
            f"{read.key}.branches: their mu sum to {total[bad[0]]:.6g} Pa, above the shear modulus"
            f" {mu[bad[0]]:.6g} Pa at {place(read.points[bad[0]])}; lower them, what they leave of"
            " it does not relax"
        )
    return rheology.generalised_maxwell(list(moduli), list(etas))


def _widened(parts: Floats, width: int, value: float) -> Floats:
    """Columns of `value` after those that are there. (m, width)"""
    return np.pad(parts, ((0, 0), (0, width - parts.shape[1])), constant_values=value)
