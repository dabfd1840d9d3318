"""The look of all pictures: sizes in millimetres, one font, kilometre axes, units by size.

Colours are safe for colour-blind readers: RdBu for signed fields, Okabe-Ito for categories.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from femcrust.mesh.mesh import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM = 1.0 / 25.4
DPI = 200
DAY = 86400.0  # s
DAYS_PER_YEAR = 365.25
SIGNED = "RdBu_r"
INK = "#222222"
SOFT = "#5b6670"
FAULT = "#111111"
STATION = "#ffffff"
ACCENT = "#0072b2"  # Okabe-Ito blue
WARN = "#d55e00"  # Okabe-Ito vermilion
CATEGORIES = (
    "#f3d9b1",
    "#bcd9ea",
    "#cfe3c2",
    "#e6c3d6",
    "#fbefa8",
    "#c9cbe6",
    "#f5bfa0",
    "#d9d9d9",
)
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#333333")  # Okabe-Ito
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 6,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "axes.unicode_minus": True,
    "text.usetex": False,
}


@dataclass(frozen=True)
class Picture:
    """One finished picture; `name` is its file name without .png."""

    name: str
    title: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Unit:
    """Multiply metres (or pascals) by `factor` to count in `name`."""

    name: str
    factor: float


LENGTHS = (Unit("m", 1.0), Unit("cm", 1e2), Unit("mm", 1e3), Unit("µm", 1e6))
STRESSES = (Unit("MPa", 1e-6), Unit("kPa", 1e-3), Unit("Pa", 1.0))


def unit_for(largest: float, units: Sequence[Unit] = LENGTHS) -> Unit:
    """The first unit in which `largest` is at least one; the middle one for zero."""
    if not largest > 0.0:
        return units[len(units) // 2]
    return next((unit for unit in units if largest * unit.factor >= 1.0), units[-1])


def nice(value: float) -> float:
    """The largest of 1, 2, 5 × 10^k that is not above `value`.

    >>> nice(37.0)
    20.0
    """
    power = 10.0 ** np.floor(np.log10(value))
    return float(
        max((step for step in (1.0, 2.0, 5.0) if step * power <= value), default=1.0) * power
    )


def duration(seconds: float) -> str:
    """A time in years of 365.25 days, or in days below one year.

    >>> duration(315576000.0), duration(86400.0), duration(0.0)
    ('10 yr', '1 d', '0 yr')
    """
    days = seconds / DAY
    return f"{days:.3g} d" if 0.0 < days < DAYS_PER_YEAR else f"{days / DAYS_PER_YEAR:.4g} yr"


def symmetric_limit(values: Floats) -> tuple[float, bool]:
    """Colour limit ±L that holds 99.8 % of the values, and whether some lie beyond it."""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    if largest == 0.0:
        return 1e-3, False
    limit = float(np.percentile(finite, 99.8)) or largest
    if limit > 0.8 * largest:
        return largest, False
    return limit, True


def figure(width_mm: float, height_mm: float) -> Figure:
    """An empty figure on the Agg canvas; no global state is touched."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fig = Figure(figsize=(width_mm * MM, height_mm * MM), dpi=DPI)
    FigureCanvasAgg(fig)
    return fig


def axes_mm(fig: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes placed in millimetres from the figure's lower left corner."""
    w, h = fig.get_size_inches() / MM
    return fig.add_axes((left / w, bottom / h, width / w, height / h))


def png(fig: Figure) -> bytes:
    """The finished picture, trimmed to its content."""
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", pad_inches=1.5 * MM)
    return buffer.getvalue()


def halo(width: float = 2.0) -> list[Any]:
    """White outline that keeps text and lines readable on any background."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=width, foreground="white", alpha=0.9)]


def shortened(text: str, most: int = 70) -> str:
    """One line of at most `most` characters, for matplotlib: a user's '$' is a character."""
    line = " ".join(text.split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return line.replace("$", r"\$")
