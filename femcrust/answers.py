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
from femcrust.outputs.files import asks_for_ground, asks_for_whole
from femcrust.outputs.result import Result, Stations
from femcrust.outputs.summary import current_versions, make_summary
from femcrust.outputs.surface import displacement_in, ground_faces
from femcrust.ranks import Picked, Share
from femcrust.stations import PlacedStations, Samples, samples_in, stations_of


@dataclass
class Answers:
    """Makes results of one run; times in seconds of the machine's clock. On rank 0 they are of all
    ranks, elsewhere of the rank's own part and without stations.

    kept : ranks keep the fields (`Result.ranks`), but at the end where files need the whole
    """

    case: Case
    share: Share
    backend: Any
    stations: PlacedStations | None
    threads: int
    started: float
    setup_s: float
    kept: bool = False
    device_memory_bytes: int = 0
    _at_stations: Picked | None = None
    _below_ground: Picked | None = None
    _n_nodes: int = 0  # of the whole

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
        last: bool = True,
    ) -> Result:
        """The result of one time, from values on this rank's part; `factors` of the sources then, 1
        when None, and how fast they grow, 1/s, 0 when None. Every rank takes part."""
        share, space = self.share, self.share.space()
        self._n_nodes = self._n_nodes or share.n_nodes()
        model = share.held or share.model
        sources = scaled(model.sources, factors)
        own_sources = sources if share.part is None else scaled(share.model.sources, factors)
        own = Result(
            case=self.case,
            mesh=share.model.mesh,
            elastic=share.model.elastic,
            sources=own_sources,
            nodes=space.nodes,
            elements=space.elements,
            displacement=u,
            stress=stress,
            summary=self._summary(steps, sources),
            history=history,
            time_s=time_s,
            velocity=velocity,
            slipping=[] if rates is None else scaled(share.model.sources, rates),
            ranks=space if self.kept and share.part is not None else None,
        )
        stations = self._sampled(own, sources)
        if share.part is None:
            return replace(own, stations=stations)
        below = self._ground(own) if self.kept and asks_for_ground(self.case.output) else None
        if not self.kept or (last and asks_for_whole(self.case.output)):
            u, stress = share.whole_nodes(u), share.whole_cells(stress)
            velocity = None if velocity is None else share.whole_nodes(velocity)
            nodes, elements = own.nodes, own.elements
            if share.root:
                nodes, elements = share.whole_space().nodes, share.whole_space().elements
        else:
            u, stress = u[:0], stress[:0]
            velocity = None if velocity is None else velocity[:0]
            nodes, elements = own.nodes[:0], own.elements[:0]
        if not share.root:
            return own
        return replace(
            own,
            mesh=model.mesh,
            elastic=model.elastic,
            sources=sources,
            nodes=nodes,
            elements=elements,
            displacement=u,
            stress=stress,
            stations=stations,
            velocity=velocity,
            slipping=[] if rates is None else scaled(model.sources, rates),
            ranks=None,
            own=own if self.kept else None,
            below_ground=below,
        )

    def _sampled(self, own: Result, sources: Sequence[Source]) -> Stations | None:
        """At the stations, on rank 0."""
        if self.case.output.stations is None:
            return None
        placed = self.stations
        if self._at_stations is None:
            self._at_stations = Picked(self.share, None if placed is None else placed.tets)
        at, space = self._at_stations, self.share.space()
        here = samples_in(
            at.places, space, own.sources, own.displacement, own.stress, own.velocity, own.slipping
        )
        samples = Samples(
            at.collected(here.moved),
            at.collected(here.stress),
            at.collected(here.strain),
            at.collected(here.slopes),
            None if here.velocity is None else at.collected(here.velocity),
        )
        return stations_of(placed, sources, samples) if placed and self.share.root else None

    def _ground(self, own: Result) -> Floats:
        """Displacement in the tetrahedra below the ground, on rank 0."""
        if self._below_ground is None:
            whole = self.share.held
            tets = None if whole is None else ground_faces(whole.mesh)[1]
            self._below_ground = Picked(self.share, tets)
        at = self._below_ground
        return at.collected(displacement_in(own, at.places))

    def _summary(
        self, steps: Sequence[Mapping[str, Any]], sources: Sequence[Source]
    ) -> dict[str, Any]:
        case, backend = self.case, self.backend
        mesh = (self.share.held or self.share.model).mesh
        solver = case.solver
        return make_summary(
            status="converged",
            title=case.case.title,
            n_elements=mesh.n_tets,
            n_nodes=self._n_nodes,
            n_dof=3 * self._n_nodes,
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
