"""Solves by PETSc, through petsc4py: conjugate gradients and GAMG with the rigid modes, or what
`solver.petsc.options` says. PETSc gets the assembled matrix; femcrust's operator judges the answer.

petsc4py is imported when it is asked for first.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sparse

from femcrust.discretisation import Discretisation
from femcrust.errors import InputError, NotConverged
from femcrust.mesh.mesh import Floats

log = logging.getLogger("femcrust")
Apply = Callable[[Floats], Floats]
Watch = Callable[[int, float], bool]
CHOOSE = "choose other solver.petsc.options, or solver.library: femcrust"
ROUNDS = 6  # solves for what is left of the residual; each must at least halve it
BELOW = 0.5  # of what is asked: PETSc's residual and ours differ by rounding
_numbers = itertools.count()


def library() -> Any:
    """petsc4py.PETSc; InputError where it is missing."""
    try:
        with contextlib.suppress(ImportError, RuntimeError):  # a PETSc may be built without MPI
            from mpi4py import MPI  # noqa: F401  # loads the library that some wheels need
        import petsc4py

        petsc4py.init(["femcrust", "-no_signal_handler"])  # signals are the command's
        from petsc4py import PETSc
    except (ImportError, RuntimeError, OSError) as error:
        why = str(error).partition("\n")[0] or type(error).__name__
        raise InputError(
            f"solver.library: petsc needs petsc4py, which cannot be imported ({why}); pip install"
            " petsc4py, on Python 3.12 and later dolfinx-solver-real (built), or choose femcrust"
        ) from error
    if np.dtype(PETSc.ScalarType) != np.float64:
        raise InputError(
            f"solver.library: this PETSc computes in {np.dtype(PETSc.ScalarType)}, not in real"
            " double; install one that does, or choose femcrust"
        )
    return PETSc


class Krylov:
    """PETSc's solver of one matrix, the sum of those that the ranks have.

    part : of this rank, in 3×3 blocks, on the nodes of its space; N/m
    """

    def __init__(self, part: sparse.bsr_matrix, space: Discretisation, options: str = "") -> None:
        self._petsc = PETSc = library()
        self._space, self._own = space, space.owned()
        self._comm = PETSc.COMM_SELF if space.halo is None else PETSc.COMM_WORLD
        if self._comm.getSize() != space.comm.size:
            raise InputError(
                f"solver.library: PETSc knows {self._comm.getSize()} of {space.comm.size} ranks: it"
                " was built with another MPI than mpi4py; use one rank, or choose femcrust"
            )
        self._options, self._prefix = options, f"femcrust{next(_numbers)}_"
        self._unused_named = False
        try:
            self._build(part.tocsr())
        except PETSc.Error as error:
            raise InputError(self._said(error)) from error

    def _build(self, part: sparse.csr_matrix) -> None:
        PETSc = self._petsc
        self._matrix = self._assembled(part)
        self._matrix.setOption(PETSc.Mat.Option.SPD, True)
        where = self._matrix.createVecRight()
        where.setBlockSize(3)
        where.array = self._space.nodes[self._own].ravel()
        self._matrix.setNearNullSpace(PETSc.NullSpace().createRigidBody(where))
        database = PETSc.Options()
        database.prefixPush(self._prefix)
        database.insertString(self._options)
        database.prefixPop()
        self._solver = solver = PETSc.KSP().create(self._comm)
        solver.setOptionsPrefix(self._prefix)
        solver.setOperators(self._matrix)
        solver.setType("cg")
        solver.getPC().setType("gamg")
        solver.setFromOptions()
        if solver.getType() != "preonly" and "-ksp_norm_type" not in self._options:
            solver.setNormType(PETSc.KSP.NormType.UNPRECONDITIONED)
        solver.setUp()
        solver.setUpOnBlocks()

    def _assembled(self, part: sparse.csr_matrix) -> Any:
        """PETSc's matrix, with rows of the nodes that each rank owns."""
        PETSc = self._petsc
        index = PETSc.IntType
        begin, columns = part.indptr.astype(index), part.indices.astype(index)
        own = 3 * int(self._own.sum())
        if self._space.halo is None:
            return PETSc.Mat().createAIJ(
                size=part.shape, bsize=3, csr=(begin, columns, part.data), comm=self._comm
            )
        whole = int(self._space.totals(np.array([float(own)]))[0])
        matrix = PETSc.Mat().create(comm=self._comm)
        matrix.setSizes(((own, whole), (own, whole)), bsize=3)
        matrix.setType("aij")
        numbers = self._space.numbers().astype(index)
        places = PETSc.LGMap().create(numbers, bsize=3, comm=self._comm)
        matrix.setLGMap(places, places)
        matrix.setUp()
        matrix.setValuesLocalIJV(begin, columns, part.data, addv=True)
        matrix.assemble()
        return matrix

    def _length(self, values: Floats) -> float:
        """‖values‖ (n, 3) over all ranks."""
        squares = np.array([np.square(values[self._own]).sum()])
        return float(np.sqrt(self._space.totals(squares)[0]))

    def solve(
        self,
        apply: Apply,
        load: Floats,
        guess: Floats,
        tolerance: float,
        most: int,
        watch: Watch | None = None,
        reduction: float = 0.0,
    ) -> tuple[Floats, int, list[float]]:
        """x (n, 3) with ‖b − A x‖ ≤ tolerance ‖b‖, or ≤ reduction of the first residual; iterations
        and residuals relative to ‖b‖, by `apply`, which is A x by other means."""
        x, scale = guess.copy(), self._length(load)
        if scale == 0.0:
            return np.zeros_like(load), 0, [0.0]
        left = load - apply(x)
        history = [self._length(left) / scale]
        enough = max(tolerance, reduction * history[0])
        count = 0
        for _ in range(ROUNDS):
            if history[-1] <= enough or count >= most or not np.isfinite(history[-1]):
                break
            reduced = BELOW * enough / history[-1]
            change, iterations = self._corrected(left, reduced, most - count, watch, scale)
            x += change
            left = load - apply(x)
            count += iterations
            history.append(self._length(left) / scale)
            if not history[-1] < history[-2] / 2:
                break
        self._name_unused()
        if not history[-1] <= enough:  # nan is no answer
            raise NotConverged(
                f"solver.library: PETSc stopped at relative residual {history[-1]:.1e} (asked:"
                f" {tolerance:.1e}) after {count} iterations of at most {most} ({self._reason()});"
                f" raise solver.max_iterations, {CHOOSE}"
            )
        return x, count, history

    def _corrected(
        self, left: Floats, reduction: float, most: int, watch: Watch | None, scale: float
    ) -> tuple[Floats, int]:
        """A⁻¹ of what is left of the load, until a residual is that part of the first; which norm
        it has is up to the options."""
        solver = self._solver
        b, x = self._matrix.createVecs()[::-1]
        b.array = left[self._own].ravel()
        solver.setTolerances(rtol=reduction, atol=np.finfo(float).tiny, max_it=most)
        solver.cancelMonitor()
        if watch is not None:
            solver.setMonitor(lambda _, k, norm: watch(k, norm / scale) and None)
        try:
            solver.solve(b, x)
        except self._petsc.Error as error:
            raise InputError(self._said(error)) from error
        change = np.zeros_like(left)
        change[self._own] = x.array.reshape(-1, 3)
        return self._space.agreed(change), int(solver.getIterationNumber())

    def _reason(self) -> str:
        number = self._solver.getConvergedReason()
        names = vars(self._petsc.KSP.ConvergedReason)
        return next((name for name, value in names.items() if value == number), str(number))

    def _name_unused(self) -> None:
        """A misspelt option would do nothing, silently."""
        if self._unused_named:
            return
        self._unused_named = True
        database = self._petsc.Options()
        for word in self._options.split():
            if (
                word[0] == "-"
                and word[1:2].isalpha()
                and not database.used(self._prefix + word[1:])
            ):
                log.warning("solver.petsc.options: PETSc has no use for %s here", word)
                database.delValue(self._prefix + word[1:])

    def _said(self, error: Exception) -> str:
        """The last line of PETSc's complaint, which is what it is about."""
        last = str(error).splitlines()[-1].removeprefix("[0] ")
        return f"solver.petsc.options: PETSc says: {last[:300]}; {CHOOSE}"
