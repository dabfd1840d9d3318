"""What is not known of the rock, as errors of prediction [Duputel14].

C_p is the sample covariance, over the structures, of what a slip does at the stations; it joins the
covariance of the data. The slip is that found without it first, then that found with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from femcrust.mesh.mesh import Floats


def structure_covariance(designs: Sequence[Floats], slip: Floats) -> Floats:
    """C_p of a slip (m,) over designs (k, m). (k, k)

    >>> structure_covariance([np.eye(2), 3 * np.eye(2)], np.array([1.0, 0.0])).tolist()
    [[2.0, 0.0], [0.0, 0.0]]
    """
    moved = np.stack([design @ slip for design in designs])
    apart = moved - moved.mean(axis=0)
    return np.asarray(apart.T @ apart / (len(designs) - 1))
