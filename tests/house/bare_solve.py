"""A whole solve, its pieces as a GPU node uses them; prints every package that it loaded.

Run by test_bare_machine.py in an interpreter of its own.
"""

from __future__ import annotations

import sys

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
names = {name.split(".")[0] for name in set(sys.modules) - before}
print(*sorted(name for name in names if getattr(sys.modules.get(name), "__path__", None)))
