"""What stations can tell: displacement, tilt, strain, stress; their axes, units and signs.

Axes are those of the displacement: true east, true north, up at stations that are given by degrees,
else along x, y, z. Tilt is the slope of a level line, ∂u_up/∂east, ∂u_up/∂north: positive where it
rises that way. Strain is the tensor's (en is half of the shear angle), without the slip itself;
extension and tension are positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from femcrust.mesh.mesh import Floats
from femcrust.outputs.los import to_true_north
from femcrust.sampling import PAIRS

TENSOR = ("ee", "nn", "uu", "en", "eu", "nu")  # of xx, yy, zz, xy, xz, yz
PLACE = np.array([[0, 3, 4], [3, 1, 5], [4, 5, 2]])  # of i, j among the six


@dataclass(frozen=True)
class StationField:
    """dimension : of its last axis;  labels : along it;  unit : of a value, none where it is ''"""

    name: str
    dimension: str
    labels: tuple[str, ...]
    unit: str
    about: str

    @property
    def columns(self) -> list[str]:
        """Names in a table, e.g. tilt_east_rad."""
        end = f"_{self.unit}" if self.unit else ""
        return [f"{self.name}_{label}{end}" for label in self.labels]


FIELDS = {
    field.name: field
    for field in (
        StationField("displacement", "axis", ("east", "north", "up"), "m", "displacement"),
        StationField(
            "tilt", "tilt_axis", ("east", "north"), "rad", "tilt, positive rising that way"
        ),
        StationField("strain", "tensor", TENSOR, "", "strain without slip, extension positive"),
        StationField("stress", "tensor", TENSOR, "Pa", "stress change, tension positive"),
    )
}


def in_order(names: Sequence[str]) -> tuple[str, ...]:
    """Those that are asked for and the displacement, which always is."""
    return tuple(name for name in FIELDS if name == "displacement" or name in names)


def in_true_axes(name: str, values: Floats, convergence: Floats) -> Floats:
    """A field (…, n, k) at n stations in model axes → true east, true north, up.

    A quarter turn makes extension along x one along y:

    >>> along_x = np.array([[1.0, 0, 0, 0, 0, 0]])
    >>> in_true_axes("strain", along_x, np.array([np.pi / 2]))[0, :2].round(9).tolist()
    [0.0, 1.0]
    """
    if name == "displacement":
        return to_true_north(values, convergence)
    if name == "tilt":
        level = np.concatenate([values, np.zeros_like(values[..., :1])], axis=-1)
        return to_true_north(level, convergence)[..., :2]
    axes = np.broadcast_to(np.eye(3), (len(convergence), 3, 3))
    turn = to_true_north(axes, convergence[:, None]).transpose(0, 2, 1)
    turned = np.einsum("nij,...njk,nlk->...nil", turn, values[..., PLACE], turn)
    return np.stack([turned[..., i, j] for i, j in PAIRS], axis=-1)
