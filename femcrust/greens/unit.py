"""Unit sources: what acts in a column of a library, and several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femcrust.boundaries.conditions import Conditions, Traction
from femcrust.mesh.mesh import Floats, Ints


@dataclass(frozen=True)
class UnitSource:
    """Eigenstrain on a few elements, or a traction.

    elements : (m,) int, ascending;  eigenstrain : (m, 4, 6)
    offset : (m, 10, 3) m, or None: known part of the displacement beside split nodes
    """

    elements: Ints
    eigenstrain: Floats
    offset: Floats | None = None
    traction: Traction | None = None

    @property
    def conditions(self) -> Conditions:
        """The traction alone, as the load of an operator takes it."""
        return Conditions(tractions=[] if self.traction is None else [self.traction])


@dataclass(frozen=True)
class Total:
    """Several unit sources that act as one. elements, eigenstrain : as theirs"""

    elements: Ints
    eigenstrain: Floats
    conditions: Conditions

    @classmethod
    def of(cls, units: Sequence[UnitSource]) -> Total:
        """Their sum."""
        elements = np.unique(np.concatenate([unit.elements for unit in units]))
        eigenstrain = np.zeros((len(elements), 4, 6))
        for unit in units:
            eigenstrain[np.searchsorted(elements, unit.elements)] += unit.eigenstrain
        tractions = [unit.traction for unit in units if unit.traction is not None]
        return cls(elements, eigenstrain, Conditions(tractions=tractions))


@dataclass(frozen=True)
class Family:
    """Sources of one kind, each with the same components.

    name : of its dimension: patch, point or load
    labels : names of its members;  components : theirs, () where a member is one column
    per : unit that a column is for each of, in the denominator;  about : the same in words
    units : its columns, components fastest
    """

    name: str
    labels: tuple[str, ...]
    components: tuple[str, ...]
    per: str
    about: str
    units: list[UnitSource]

    def variable(self, field: str) -> str:
        """Name in the file of what stations tell of it."""
        return field if self.name == "patch" else f"{self.name}_{field}"
