"""One unit source: what acts in a column of a library."""

from __future__ import annotations

from dataclasses import dataclass

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
class Family:
    """Sources of one kind, each with the same components.

    name : of its dimension: patch, point or load
    labels : names of its members;  components : theirs, () where a member is one column
    unit : of the displacement of a column;  about : the same in words
    units : its columns, components fastest
    """

    name: str
    labels: tuple[str, ...]
    components: tuple[str, ...]
    unit: str
    about: str
    units: list[UnitSource]

    @property
    def variable(self) -> str:
        """Name of its displacement in the file."""
        return "displacement" if self.name == "patch" else f"{self.name}_displacement"
