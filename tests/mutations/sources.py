"""Errors in faults, materials, loads, outputs."""

from __future__ import annotations

from mutations.mutation import Mutation

CONVENTIONS = ("tests/unit/test_conventions.py",)
FAULTS = ("tests/unit/test_faults_conventions.py", *CONVENTIONS)

SOURCES = (
    # faults
    Mutation(
        "slip of split nodes reversed",
        "femcrust/faults/split.py",
        "* slip[sides.node] / 2.0",
        "* -slip[sides.node] / 2.0",
        FAULTS,
    ),
    Mutation(
        "whole slip on each side of split nodes",
        "femcrust/faults/split.py",
        "* slip[sides.node] / 2.0",
        "* slip[sides.node]",
        ("tests/unit/test_faults_split.py", *CONVENTIONS),
    ),
    Mutation(
        "eigenstrain left in the stress",
        "femcrust/operators/load.py",
        "np.subtract.at(out, here[inside], slipped)",
        "pass",
        ("tests/unit/test_load.py",),
    ),
    Mutation(
        "load of slip reversed",
        "femcrust/operators/load.py",
        "total += operator.load_of_stress(e, stress)",
        "total -= operator.load_of_stress(e, stress)",
        ("tests/unit/test_load.py", *CONVENTIONS),
    ),
    Mutation(
        "magnitude from dyne cm",
        "femcrust/faults/source.py",
        "np.log10(moment) - 9.1)",
        "np.log10(moment) - 16.1)",
        ("tests/unit/test_faults_conventions.py", "tests/unit/test_faults_split.py"),
    ),
    # materials, loads, outputs
    Mutation(
        "λ = ρ vp² − μ",
        "femcrust/materials/moduli.py",
        "rho * vp**2 - 2.0 * mu, mu",
        "rho * vp**2 - mu, mu",
        ("tests/unit/test_materials.py",),
    ),
    Mutation(
        "body force lumped equally on the ten nodes",
        "femcrust/operators/load.py",
        "np.repeat([-1 / 20, 1 / 5], [4, 6])",
        "np.repeat([1 / 10, 1 / 10], [4, 6])",
        ("tests/verification/columns",),
    ),
    Mutation(
        "Coulomb: friction unclamps under compression",
        "femcrust/outputs/coulomb.py",
        "+ friction *",
        "- friction *",
        ("tests/unit/test_coulomb.py",),
    ),
    Mutation(
        "line of sight of a left-looking radar",
        "femcrust/outputs/los.py",
        "[-np.cos(h) * np.sin(i), np.sin(h) * np.sin(i), np.cos(i)]",
        "[np.cos(h) * np.sin(i), -np.sin(h) * np.sin(i), np.cos(i)]",
        ("tests/unit/test_los.py",),
    ),
)
