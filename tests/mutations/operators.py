"""Errors in the element and the far field."""

from __future__ import annotations

from mutations.mutation import Mutation

OPERATOR = ("tests/unit/test_operators.py",)
SURFACE = ("tests/unit/test_surface.py",)

OPERATORS = (
    # the element
    Mutation(
        "half the shear modulus",
        "csrc/elements/tet10_product.hpp",
        "  const S two_mu = mu + mu;\n",
        "  mu = mu / 2;\n  const S two_mu = mu + mu;\n",
        OPERATOR,
    ),
    Mutation(
        "λ dropped",
        "csrc/elements/tet10_product.hpp",
        "const V trace = lam * (s",
        "const V trace = 0 * lam * (s",
        OPERATOR,
    ),
    Mutation(
        "half the shear stress in one plane (an engineering strain taken for a strain)",
        "csrc/elements/tet10_product.hpp",
        "for (int m = 3; m < 6; ++m) s[m] = mu * s[m];",
        "for (int m = 3; m < 6; ++m) s[m] = m == 4 ? mu * s[m] / 2 : mu * s[m];",
        OPERATOR,
    ),
    Mutation(
        "two mid-edge nodes swapped",
        "csrc/elements/tet10_product.hpp",
        "of[3] = {4, 6, 7}",
        "of[3] = {6, 4, 7}",
        OPERATOR,
    ),
    Mutation(
        "stress takes its changes between vertices for changes from their mean",
        "csrc/elements/tet10_product.hpp",
        "s[i][m] -= sum * 0.25f;",
        "s[i][m] -= sum * 0.125f;",
        OPERATOR,
    ),
    Mutation(
        "volume of an element doubled in the core",
        "csrc/elements/geometry.hpp",
        "return det / 6;",
        "return det / 3;",
        OPERATOR,
    ),
    # the far field
    Mutation(
        "infinite element without the decay along its ray",
        "femcrust/operators/surface.py",
        " + exponent * values",
        "",
        SURFACE,
    ),
    Mutation(
        "integral along the ray 1/(2p+1) for 1/(2p-1)",
        "femcrust/operators/surface.py",
        "(2 * (2 * exponent - 1))",
        "(2 * (2 * exponent + 1))",
        SURFACE,
    ),
    Mutation(
        "springs act over twice their area",
        "femcrust/operators/surface.py",
        "_doubled_normals(corners), axis=1) / 2",
        "_doubled_normals(corners), axis=1)",
        SURFACE,
    ),
)
