"""What a solve leaves for the writers: fields of one time, stations, and the run's own numbers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from femcrust import backends
from femcrust.case import Case
from femcrust.faults.source import Source, scaled
from femcrust.mesh.mesh import Floats
from femcrust.outputs.result import Result
from femcrust.outputs.summary import current_versions, make_summary
from femcrust.ranks import Share
from femcrust.stations import PlacedStations, sample_stations


@dataclass
class Answers:
    """Makes results of one run; times in seconds of the machine's clock. On rank 0 they are of all
    ranks, elsewhere of the rank's own part and without stations."""

    case: Case
    share: Share
    backend: Any
    stations: PlacedStations | None
    threads: int
    started: float
    setup_s: float
    device_memory_bytes: int = 0

    def result(
        self,
        u: Floats,
        stress: Floats,
        steps: Sequence[Mapping[str, Any]],
        *,
        factors: Sequence[float] | None = None,
        history: Sequence[float] = (),
        time_s: float = 0.0,
        velocity: Floats | None = None,
        rates: Sequence[float] | None = None,
    ) -> Result:
        """The result of one time, from values on this rank's part; `factors` of the sources then, 1
        when None, and how fast they grow, 1/s, 0 when None. Every rank takes part."""
        share = self.share
        u, stress = share.whole_nodes(u), share.whole_cells(stress)
        velocity = None if velocity is None else share.whole_nodes(velocity)
        model = share.whole if share.root else share.model
        space = share.whole_space() if share.root else share.space()
        sources = model.sources if factors is None else scaled(model.sources, factors)
        slipping = [] if rates is None else scaled(model.sources, rates)
        return Result(
            case=self.case,
            mesh=model.mesh,
            elastic=model.elastic,
            sources=sources,
            nodes=space.nodes,
            elements=space.elements,
            displacement=u,
            stress=stress,
            summary=self._summary(steps, sources, 3 * space.n_nodes),
            stations=sample_stations(
                self.stations if share.root else None,
                space,
                replace(model, sources=sources),
                u,
                stress,
                velocity,
                slipping,
            ),
            history=history,
            time_s=time_s,
            velocity=velocity,
            slipping=slipping,
        )

    def _summary(
        self, steps: Sequence[Mapping[str, Any]], sources: Sequence[Source], n_dof: int
    ) -> dict[str, Any]:
        case, backend = self.case, self.backend
        mesh = self.share.whole.mesh if self.share.root else self.share.model.mesh
        solver = case.solver
        return make_summary(
            status="converged",
            title=case.case.title,
            n_elements=mesh.n_tets,
            n_nodes=n_dof // 3,
            n_dof=n_dof,
            steps=steps,
            sources=sources,
            setup_s=self.setup_s,
            solve_s=sum(step["solve_s"] for step in steps),
            total_s=time.perf_counter() - self.started,
            backend=backends.name(backend),
            device=backends.device_name(backend),
            device_memory_bytes=self.device_memory_bytes,
            ranks=self.share.comm.size,
            threads=self.threads,
            precision=solver.precision,
            preconditioner="petsc" if solver.library == "petsc" else solver.preconditioner,
            versions=current_versions(mesh),
        )
