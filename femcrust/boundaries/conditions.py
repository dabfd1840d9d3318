"""What the boundaries of a case come to: constraints, nodal forces, springs, infinite elements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from femcrust.amplitude import Amplitude
from femcrust.mesh.mesh import Floats, Ints


@dataclass(frozen=True)
class Constraint:
    """Faces whose nodes move along some directions only.

    faces : (k, 3) int, vertices
    free : (3, 3) or (k, 3, 3) projector onto the directions that stay free
    value : points (n, 3) → (n, 3) m, prescribed along the others; None holds them at zero
    """

    faces: Ints
    free: Floats
    value: Callable[[Floats], Floats] | None = None


@dataclass(frozen=True)
class Traction:
    """Forces ∫ N_a t dA at the six quadratic nodes of faces: faces (k, 3), forces (k, 6, 3) N;
    `history` is their factor over time."""

    faces: Ints
    forces: Floats
    history: Amplitude = field(default_factory=Amplitude)


@dataclass(frozen=True)
class Springs:
    """An elastic foundation on faces (k, 3): stiffness along and across the normal, Pa/m."""

    faces: Ints
    normal: Floats | float
    tangential: Floats | float


@dataclass(frozen=True)
class Buoyancy:
    """Weight of what rises across faces (k, 3), inner ones too: vertical stiffness (k,), Pa/m."""

    faces: Ints
    stiffness: Floats


@dataclass(frozen=True)
class Infinite:
    """Infinite elements behind faces: displacement falls as s^-exponent along rays from a pole.

    faces : (k, 3) int;  tets : (k,) int, whose material they take;  pole : (3,) m
    """

    faces: Ints
    tets: Ints
    pole: Floats
    exponent: int


@dataclass(frozen=True)
class Conditions:
    """All conditions of a model; body_force : (n_tets, 3) N/m³ or None."""

    constraints: list[Constraint] = field(default_factory=list)
    tractions: list[Traction] = field(default_factory=list)
    springs: list[Springs] = field(default_factory=list)
    infinite: Infinite | None = None
    body_force: Floats | None = None
    buoyancy: Buoyancy | None = None
