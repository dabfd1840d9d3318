"""Types of the compiled module; each backend is a submodule with the same names."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from femcrust.mesh.mesh import Floats, Ints

cpu: Any
has_cuda: bool
instruction_set: str
testing: Any

def threads() -> int: ...
def set_threads(n: int) -> None: ...
def quadratic(points: Floats, tets: Ints) -> tuple[Floats, Ints, Edges]: ...
def refined(
    points: Floats, tets: Ints, faces: NDArray[np.int64], triangles: Ints, times: int
) -> tuple[Floats, Ints, NDArray[np.int64], Ints]: ...
def single_faces(tets: Ints, n_vertices: int) -> NDArray[np.int64]: ...

class Edges:
    ends: Ints
    def find(self, ends: Ints) -> Ints: ...
    def __len__(self) -> int: ...
