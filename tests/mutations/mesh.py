"""Errors in the mesh."""

from __future__ import annotations

from mutations.mutation import Mutation

MESH = ("tests/unit/test_mesh_order.py",)
REFINEMENT = ("tests/unit/test_refinement.py",)

MESH = (
    # the mesh
    Mutation(
        "volume of a tetrahedron doubled",
        "femcrust/mesh/mesh.py",
        "np.cross(b, c)) / 6.0\n",
        "np.cross(b, c)) / 3.0\n",
        MESH,
    ),
    Mutation(
        "a refined cell cut along any diagonal",
        "csrc/mesh/refinement.hpp",
        "if (worst < least) {",
        "if (worst < 0) {",
        REFINEMENT,
    ),
    Mutation(
        "a face of a refined cell that was turned is another",
        "csrc/mesh/refinement.hpp",
        "face ^= 1;",
        "face ^= 0;",
        REFINEMENT,
    ),
    Mutation(
        "an edge that several blocks have numbered twice",
        "csrc/mesh/edges.hpp",
        "store(1, std::memory_order_relaxed)",
        "store(0, std::memory_order_relaxed)",
        ("tests/unit/test_discretisation.py",),
    ),
    Mutation(
        "orientation of tetrahedra flipped",
        "femcrust/mesh/mesh.py",
        "np.cross(b, c)) / 6.0\n",
        "np.cross(c, b)) / 6.0\n",
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
)
