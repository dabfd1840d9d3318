"""The two moment tensors of the tests of reciprocity, and how closely both sides agree."""

import numpy as np

KM = 1e3
PLACES = {"one": (2.3 * KM, -1.1 * KM, -3.4 * KM), "two": (-3.7 * KM, 2.9 * KM, -5.2 * KM)}
MOMENTS = {
    "one": {"mxx": 1e17, "myy": -0.4e17, "mxz": 0.7e17, "mxy": 0.2e17},
    "two": {"mzz": 1e17, "myz": 0.5e17, "mxy": -0.8e17, "mxx": 0.3e17},
}
AXES = ("xx", "yy", "zz", "xy", "xz", "yz")
TWICE = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
TOLERANCE, BOUND = 1e-12, 1e-8  # of the solver; of the larger side
