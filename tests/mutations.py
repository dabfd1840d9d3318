"""A table of errors that the tests must catch; `make mutate` plants them one at a time.

`old` stands exactly once in `file`; `tests` are what pytest is given (paths, or `path::name`).
"""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    error: str  # what is wrong, in the words of the physics
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MESH = ("tests/unit/test_mesh_order.py",)
OPERATOR = ("tests/unit/test_operators.py",)

MUTATIONS = (
    Mutation(
        "volume of a tetrahedron doubled",
        "femcrust/mesh/mesh.py",
        "np.cross(b, c)) / 6.0)",
        "np.cross(b, c)) / 3.0)",
        MESH,
    ),
    Mutation(
        "orientation of tetrahedra flipped",
        "femcrust/mesh/mesh.py",
        "np.cross(b, c)) / 6.0)",
        "np.cross(c, b)) / 6.0)",
        MESH,
    ),
    Mutation(
        "Hilbert curve without its last exchange of axes",
        "femcrust/mesh/mesh.py",
        "    x[2] ^= x[1]\n",
        "",
        MESH,
    ),
    Mutation(
        "surface groups keep the old numbers of their vertices",
        "femcrust/mesh/mesh.py",
        "{name: new_point[faces] for",
        "{name: faces for",
        MESH,
    ),
    Mutation(
        "volume of an element doubled in the core",
        "csrc/elements/geometry.hpp",
        "return det / 6;",
        "return det / 3;",
        OPERATOR,
    ),
)
