"""Pictures of how well things went: residual per iteration, and the mesh's sizes and angles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from femcrust.mesh.mesh import Mesh
from femcrust.mesh.quality import EDGES, FLAT_DEG, smallest_dihedrals
from femcrust.outputs import figure_style as style
from femcrust.outputs.figure_style import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 40


def convergence_plot(history: Sequence[float], tolerance: float) -> Picture:
    """Relative residual after each iteration, with the tolerance as a line."""
    import matplotlib
    from matplotlib.ticker import MaxNLocator

    residuals = np.asarray(history, dtype=np.float64)
    residuals = np.where(np.isfinite(residuals) & (residuals > 0.0), residuals, np.nan)
    with matplotlib.rc_context(style.STYLE):
        fig = style.figure(120.0, 72.0)
        ax = style.axes_mm(fig, 18.0, 13.0, 96.0, 50.0)
        ax.semilogy(np.arange(len(residuals)), residuals, "o-", color=style.ACCENT, ms=3, lw=1.2)
        ax.axhline(tolerance, color=style.WARN, lw=0.9, ls="--")
        ax.annotate(
            f"tolerance {tolerance:.1e}".replace(".0e", "e").replace("e-0", "e-"),
            (0.01, tolerance),
            xycoords=("axes fraction", "data"),
            xytext=(0, 2),
            textcoords="offset points",
            color=style.WARN,
            fontsize=7.5,
        )
        ax.set_xlabel("iteration")
        ax.set_ylabel("relative residual")
        ax.set_title("Convergence")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(True, lw=0.3, color="#dddddd")
        ax.set_axisbelow(True)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        picture = style.png(fig)
    return Picture(
        "convergence",
        "Convergence",
        "Norm of the true residual over the norm of the load.",
        picture,
    )


def mesh_plot(mesh: Mesh) -> Picture:
    """Histograms of the edges' lengths and of each tetrahedron's smallest dihedral angle."""
    import matplotlib

    ends = mesh.points[mesh.tets[:, EDGES]]  # (n_tets, 6, 2, 3)
    length = np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=2).ravel()
    angle = smallest_dihedrals(mesh)
    with matplotlib.rc_context(style.STYLE):
        fig = style.figure(178.0, 62.0)
        left = style.axes_mm(fig, 16.0, 13.0, 68.0, 40.0)
        right = style.axes_mm(fig, 102.0, 13.0, 68.0, 40.0)
        low, high = length.min() * 1e-3, length.max() * 1e-3
        left.hist(
            length * 1e-3,
            bins=np.geomspace(low * 0.999, high * 1.001, BINS).tolist(),
            weights=np.full(len(length), 100.0 / len(length)),
            color=style.ACCENT,
        )
        left.set_xscale("log")
        _plain_ticks(left, low, high)
        left.set_xlabel("edge length (km)")
        left.set_ylabel("share of edges (%)")
        left.set_title("Edges")
        right.hist(
            angle,
            bins=np.linspace(0.0, 75.0, 31).tolist(),
            weights=np.full(len(angle), 100.0 / len(angle)),
            color=style.ACCENT,
        )
        right.axvline(FLAT_DEG, color=style.WARN, lw=0.9, ls="--")
        right.set_xlabel("smallest dihedral angle (°)")
        right.set_ylabel("share of tetrahedra (%)")
        right.set_title("Angles")
        right.set_xlim(0.0, 75.0)
        for ax in (left, right):
            for side in ("top", "right"):
                ax.spines[side].set_visible(False)
        picture = style.png(fig)
    return Picture(
        "mesh",
        "Mesh",
        "Lengths of the edges, and the smallest dihedral angle of each tetrahedron (70.5° is "
        f"regular); below {FLAT_DEG:.0f}° (dashed) cells slow the solver.",
        picture,
    )


def _plain_ticks(ax: Axes, low: float, high: float) -> None:
    """1, 2, 5 × 10^k written as plain numbers on a logarithmic axis."""
    from matplotlib.ticker import NullFormatter, NullLocator

    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    steps = (1.0, 2.0, 5.0) if len(powers) <= 3 else (1.0,)
    ticks = [s * 10.0**p for p in powers for s in steps]
    ticks = [t for t in ticks if low * 0.9 <= t <= high * 1.1]
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
