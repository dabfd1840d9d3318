"""A whole solve, its pieces as a GPU node uses them; prints every package that it loaded.

Run by test_bare_machine.py in an interpreter of its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

before = set(sys.modules)

import numpy as np  # noqa: E402

from femcrust import backends, operators, preconditioners, solvers  # noqa: E402
from femcrust.boundaries.conditions import Conditions, Infinite  # noqa: E402
from femcrust.discretisation import discretise  # noqa: E402
from femcrust.mesh.box import BoxSpec, box_mesh  # noqa: E402
from femcrust.mesh.refinement import refined  # noqa: E402

body = refined(box_mesh(BoxSpec(x=(0, 4), y=(0, 4), z=(-4, 0), near=2, far=2)), 1)
space = discretise(body.mesh)
mu = np.ones(body.mesh.n_tets)
buried = body.exterior.side != "top"
far = Infinite(
    body.exterior.faces[buried], body.exterior.tets[buried], np.full(3, 2.0) * [1, 1, 0], 2
)
operator = operators.elastic(space, mu, mu, Conditions(infinite=far), backends.select())
load = np.random.default_rng(260_391_557).normal(size=space.nodes.shape)
for name in preconditioners.NAMES:
    solvers.solve(operator, preconditioners.build(name, operator), load)

shipped = [
    Path(sys.modules[name].__file__ or "").parent
    for name in ("numpy", "scipy", "h5py")
    if name in sys.modules
]  # their helpers have names of their own


def counts(module: object) -> bool:
    """Whether it came from a file, and one that NumPy, SciPy and h5py do not ship."""
    file = getattr(module, "__file__", None)
    home = getattr(module, "__path__", None) is not None
    return home or (bool(file) and not any(f in Path(str(file)).parents for f in shipped))


loaded = {name.split(".")[0] for name in set(sys.modules) - before}
loaded = {name for name in loaded if not name.startswith("_sysconfigdata")}  # of this Python
print(*sorted(name for name in loaded if counts(sys.modules.get(name))))
