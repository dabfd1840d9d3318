"""Errors in patches, exports of libraries and files of other programs."""

from __future__ import annotations

from mutations.mutation import Mutation

PATCHES = ("tests/verification/greens/test_patches_in_a_half_space.py",)
EXPORTS = ("tests/unit/test_greens_exports.py",)
MERGED = ("tests/unit/test_greens_merge.py",)
REFINED = ("tests/unit/test_refine.py",)
TABLES = ("tests/unit/test_faults_tables.py",)
GRIDS = ("tests/unit/test_grid_sheet.py",)

FILES: tuple[Mutation, ...] = (
    Mutation(
        "cells as coarse near stations as elsewhere",
        "femcrust/mesh/from_case.py",
        "CLOSE = 3.0",
        "CLOSE = 0.0",
        PATCHES,
    ),
    Mutation(
        "a box that does not see triangle sheets and tables",
        "femcrust/mesh/from_case.py",
        "if case.faults[name].rectangle is None]",
        "if False]",
        REFINED,
    ),
    Mutation(
        "a sheet under topography sought where the flat box has it",
        "femcrust/mesh/topography.py",
        "(points[:, 2] - top - height)",
        "(points[:, 2] - top + height)",
        REFINED,
    ),
    Mutation(
        "merged patches that fall apart",
        "femcrust/greens/merge.py",
        "return all(m in reached for m in mates)",
        "return True",
        MERGED,
    ),
    Mutation(
        "a corner of every cut triangle lost",
        "femcrust/greens/merge.py",
        "(ca, bc, c)",
        "(ca, bc, a)",
        MERGED,
    ),
    Mutation(
        "matrices of CSI station by station",
        "femcrust/greens/exports/csi.py",
        "values.transpose(2, 1, 0)",
        "values.transpose(1, 2, 0)",
        EXPORTS,
    ),
    Mutation(
        "BEAT's perpendicular component on the other side",
        "femcrust/greens/exports/beat.py",
        '{"strike": np.sin(rake), "dip": -np.cos(rake)}',
        '{"strike": -np.sin(rake), "dip": np.cos(rake)}',
        EXPORTS,
    ),
    Mutation(
        "impulses of PyLith patch by patch",
        "femcrust/greens/exports/pylith.py",
        "content.displacement.swapaxes(0, 1).reshape",
        "content.displacement.reshape",
        EXPORTS,
    ),
    Mutation(
        "slip of PSCMP down dip taken for thrust",
        "femcrust/faults/pscmp.py",
        "-table[:, 3]",
        "table[:, 3]",
        TABLES,
    ),
    Mutation(
        "right-lateral slip of Coulomb taken for left-lateral",
        "femcrust/faults/coulomb_inp.py",
        "np.stack([-first,",
        "np.stack([first,",
        TABLES,
    ),
    Mutation(
        "north and east of a .flt file exchanged",
        "femcrust/faults/unicycle.py",
        "np.stack([east, north, -down]",
        "np.stack([north, east, -down]",
        TABLES,
    ),
    Mutation(
        "patches of CSI with the hanging wall below",
        "femcrust/faults/corner_lists.py",
        "normal[:, 2]) < 0.0, -1.0, 1.0)",
        "normal[:, 2]) < 0.0, 1.0, -1.0)",
        TABLES,
    ),
    Mutation(
        "depths of a grid cropped from below",
        "femcrust/faults/grid_sheet.py",
        "(-z * scale >= low) & (-z * scale <= high)",
        "(z * scale >= low) & (z * scale <= high)",
        GRIDS,
    ),
)
