"""What a solve leaves for the writers: fields of one time, stations, and the run's own numbers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from femcrust import backends
from femcrust.case import Case
from femcrust.faults.source import Source
from femcrust.mesh.mesh import Floats
from femcrust.model import Model
from femcrust.operators import ElasticOperator
from femcrust.outputs.result import Result
from femcrust.outputs.summary import current_versions, make_summary
from femcrust.stations import PlacedStations, sample_stations


@dataclass
class Answers:
    """Makes results of one run; times in seconds of the machine's clock."""

    case: Case
    model: Model
    operator: ElasticOperator
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
        sources: Sequence[Source] | None = None,
        history: Sequence[float] = (),
        time_s: float = 0.0,
        velocity: Floats | None = None,
    ) -> Result:
        """The result of one time; `sources` as they stand then, those of the model when None."""
        model, space = self.model, self.operator.space
        sources = model.sources if sources is None else list(sources)
        return Result(
            case=self.case,
            mesh=model.mesh,
            elastic=model.elastic,
            sources=sources,
            nodes=space.nodes,
            elements=space.elements,
            displacement=u,
            stress=stress,
            summary=self._summary(steps, sources),
            stations=sample_stations(
                self.stations, space, replace(model, sources=sources), u, stress, velocity
            ),
            history=history,
            time_s=time_s,
            velocity=velocity,
        )

    def _summary(
        self, steps: Sequence[Mapping[str, Any]], sources: Sequence[Source]
    ) -> dict[str, Any]:
        case, space, backend = self.case, self.operator.space, self.operator.backend
        return make_summary(
            status="converged",
            title=case.case.title,
            n_elements=self.model.mesh.n_tets,
            n_nodes=space.n_nodes,
            n_dof=space.n_dof,
            steps=steps,
            sources=sources,
            setup_s=self.setup_s,
            solve_s=sum(step["solve_s"] for step in steps),
            total_s=time.perf_counter() - self.started,
            backend=backends.name(backend),
            device=backends.device_name(backend),
            device_memory_bytes=self.device_memory_bytes,
            threads=self.threads,
            precision=case.solver.precision,
            preconditioner=case.solver.preconditioner,
            versions=current_versions(self.model.mesh),
        )
