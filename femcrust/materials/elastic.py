"""Elastic moduli and density of every tetrahedron, constant in each: the value at its centroid.

Refuses what is no stable solid: μ ≤ 0 or K = λ + 2μ/3 ≤ 0 (so ν < 1/2), with name and place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.errors import InputError
from femcrust.materials import moduli
from femcrust.materials.assign import Surface, material_index
from femcrust.materials.values import DataFiles, entry, evaluated, place
from femcrust.mesh.mesh import Floats, Ints, Mesh

CONSTANTS = ("E", "nu", "mu", "lambda_", "K")
SPEEDS = ("vp", "vs")
REMEDY = {
    "E": "Young's modulus is positive",
    "nu": "Poisson's ratio is between -1 and 0.5; write e.g. 0.25, or 0.49 for nearly no volume",
    "mu": "the shear modulus is positive; leave water and melt out of the mesh",
    "K": "the bulk modulus is positive; check that vp > 1.155 vs and that nu < 0.5",
    "vp": "wave speeds are positive",
    "vs": "wave speeds are positive; leave water and melt out of the mesh",
    "rho": "density is positive",
}


SLOW = 0.495  # Poisson's ratio from which multigrid needs five times the usual iterations
LEAST, MOST = 1e-9, 1e18  # Pa; beyond, the single precision of the preconditioner gives out


@dataclass(frozen=True)
class Elastic:
    """Moduli per tetrahedron.

    lam, mu : (n_tets,) Pa;  rho : (n_tets,) kg/m³, nan where the case gives none
    names : of the materials;  index : (n_tets,) int, the material of each tetrahedron
    """

    lam: Floats
    mu: Floats
    rho: Floats
    names: tuple[str, ...]
    index: Ints


def elastic_fields(
    mesh: Mesh,
    materials: Mapping[str, Any],
    directory: Path | str = ".",
    surface_z: Surface | None = None,
) -> Elastic:
    """Evaluate the materials of a case at the centroids of the tetrahedra.

    materials : name -> Material of the case; two of E, nu, mu, lambda_, K, or vp, vs, rho
    directory : where relative file names start
    surface_z : height of the ground over x, y, m; needed for where.below_surface
    """
    centroids = np.asarray(mesh.points[mesh.tets].mean(axis=1))
    index = material_index(mesh, materials, centroids, surface_z)
    files = DataFiles(Path(directory))
    lam, mu, rho = (np.full(mesh.n_tets, np.nan) for _ in range(3))
    for i, (name, material) in enumerate(materials.items()):
        mine = np.flatnonzero(index == i)
        lam[mine], mu[mine], rho[mine] = _solid(
            f"materials.{name}", material, centroids[mine], files
        )
    return Elastic(lam, mu, rho, tuple(materials), index)


def nearly_incompressible(elastic: Elastic) -> str:
    """The materials whose Poisson's ratio makes a solve slow, in one phrase; empty if none."""
    nu = moduli.poisson_ratio(elastic.lam, elastic.mu)
    highest = [float(nu[elastic.index == i].max()) for i in range(len(elastic.names))]
    return ", ".join(
        f"materials.{name}.nu is {most:.7g}"
        for name, most in zip(elastic.names, highest, strict=True)
        if most >= SLOW * (1 - 1e-9)  # λ and μ have lost a few digits of it
    )


def _solid(
    key: str, material: Any, points: Floats, files: DataFiles
) -> tuple[Floats, Floats, Floats]:
    """λ, μ, ρ of one material at points (n, 3); each (n,)."""
    names = _given(key, material)
    value = {n: evaluated(entry(material, n), n, points, files, f"{key}.{n}") for n in names}
    for name, numbers in value.items():
        if name == "nu":
            _require((numbers > -1.0) & (numbers < 0.5), key, name, numbers, points)
        elif name in REMEDY:
            _require(numbers > 0.0, key, name, numbers, points)
    rho = value.get("rho", np.full(len(points), np.nan))
    # Divisions by zero end in inf or nan, which the checks below refuse.
    with np.errstate(divide="ignore", invalid="ignore"):
        if "vp" in value:
            lam, mu = moduli.lame_from_speeds(value["vp"], value["vs"], rho)
        else:
            pair = moduli.pair_of(n for n in names if n in CONSTANTS)
            assert pair is not None
            lam, mu = moduli.PAIRS[pair](value[pair[0]], value[pair[1]])
        bulk = moduli.bulk_modulus(lam, mu)
    _require((mu > LEAST) & (mu < MOST), key, "mu", mu, points)
    _require((bulk > LEAST) & (bulk < MOST), key, "K", bulk, points)
    return lam, mu, rho


def _given(key: str, material: Any) -> list[str]:
    """The properties to use; exactly two constants, or both speeds and density."""
    constants = [n for n in CONSTANTS if entry(material, n) is not None]
    speeds = [n for n in SPEEDS if entry(material, n) is not None]
    density = ["rho"] if entry(material, "rho") is not None else []
    if len(constants) == 2 and not speeds:
        return constants + density
    if not constants and len(speeds) == 2 and density:
        return speeds + density
    given = ", ".join(constants + speeds + density).replace("lambda_", "lambda") or "nothing"
    raise InputError(
        f"{key}: {given} given; give exactly two of E, nu, mu, lambda, K, or vp, vs and rho"
    )


def _require(good: NDArray[np.bool_], key: str, name: str, numbers: Floats, points: Floats) -> None:
    bad = np.flatnonzero(~good)
    if len(bad):
        raise InputError(
            f"{key}.{name}: value is {numbers[bad[0]]:.6g} at {place(points[bad[0]])}; "
            f"{REMEDY[name]}"
        )
