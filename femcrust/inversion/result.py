"""What an inversion gives: the problem, the estimate, the numbers that sum it up."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from femcrust import progress
from femcrust.inversion.design import Problem
from femcrust.inversion.estimate import Estimate
from femcrust.inversion.measures import Fit, Moment, fits, moments
from femcrust.inversion.schema import Inversion
from femcrust.mesh.mesh import Floats
from femcrust.outputs.summary import current_versions

log = logging.getLogger("femcrust")


@dataclass(frozen=True)
class Variant:
    """The slip where one structure alone is believed; `apart`: rms difference from that of the
    library over its rms."""

    name: str
    slip: Floats
    fit: list[Fit]
    moment: Moment
    apart: float


@dataclass(frozen=True)
class SlipModel:
    """Slip on the patches of a library, from `femcrust invert` or `fc.invert`.

    slip, deviation, resolution : (patch, component), m (m a year of velocities)
    covariance : (m, m), patches slowest
    """

    inversion: Inversion
    problem: Problem
    estimate: Estimate
    variants: list[Variant]
    seconds: float

    @property
    def slip(self) -> Floats:
        return self._by_patch(self.estimate.slip)

    @property
    def deviation(self) -> Floats:
        return self._by_patch(np.sqrt(np.maximum(np.diag(self.estimate.covariance), 0.0)))

    @property
    def resolution(self) -> Floats:
        return self._by_patch(self.estimate.resolution)

    @property
    def covariance(self) -> Floats:
        return self.estimate.covariance

    @property
    def components(self) -> tuple[str, ...]:
        return self.problem.basis.names

    @property
    def rate(self) -> bool:
        """Whether slip is a year's."""
        return self.problem.data[0].rate

    @property
    def fits(self) -> list[Fit]:
        return fits(self.problem, self.estimate.predicted, self.estimate.choice.sets)

    @property
    def moments(self) -> list[Moment]:
        """All faults together first."""
        return moments(self.problem, self.estimate.slip, self.estimate.covariance)

    @property
    def magnitude(self) -> float:
        return self.moments[0].magnitude

    @property
    def expected(self) -> float:
        """ρ = σ/α: of a Matérn field the deviation of slip before the data, m or m a year."""
        return self.estimate.scale / math.sqrt(self.estimate.choice.weight)

    def _by_patch(self, values: Floats) -> Floats:
        return np.asarray(values.reshape(len(self.problem.library), -1))

    @property
    def summary(self) -> dict[str, Any]:
        """What summary.json holds."""
        choice, library = self.estimate.choice, self.problem.library
        return {
            "status": "done",
            "title": self.inversion.title,
            "library": self.inversion.library,
            "structures": list(self.inversion.structures),
            "n_patches": len(library),
            "components": list(self.components),
            "n_data": len(self.problem.system.values),
            "unit": "m/yr" if self.rate else "m",
            "smoothing": self.problem.smoothing.model,
            "weight_per_m2": choice.weight,
            "range_m": choice.reach,
            "expected_slip": self.expected,
            "abic": choice.abic,
            "error_scale": self.estimate.scale,
            "n_held": int(self.estimate.held.sum()),
            "ramps": self.estimate.ramps.tolist(),
            "data": [_fit_plain(fit) for fit in self.fits],
            "slip": [self._moment_plain(moment) for moment in self.moments],
            "by_structure": [
                {
                    "library": variant.name,
                    "data": [_fit_plain(fit) for fit in variant.fit],
                    "slip": self._moment_plain(variant.moment),
                    "slip_apart": variant.apart,
                }
                for variant in self.variants
            ],
            "total_s": self.seconds,
            "versions": current_versions(),
        }

    def _moment_plain(self, found: Moment) -> dict[str, Any]:
        per = "_per_yr" if self.rate else ""
        plain = {
            "fault": found.name,
            "area_m2": found.area,
            f"moment_Nm{per}": found.moment,
            f"moment_sd_Nm{per}": found.deviation,
            f"net_moment_Nm{per}": found.net,
            f"peak_slip_m{per}": found.peak,
            f"least_component_m{per}": found.least,
        }
        if not self.rate:
            plain["magnitude"] = found.magnitude
        return plain

    def say(self) -> None:
        """The result in a few lines."""
        choice = self.estimate.choice
        if choice.at_end:
            log.warning(
                f"smoothing.weight: the criterion has no least between {choice.weight:.1e} /m^2"
                " and the other end of the search; the data tell little of it: give a number"
            )
        scale = f", errors x {self.estimate.scale:.2f}" if self.estimate.scale != 1.0 else ""
        reach = f", range {choice.reach / 1e3:.3g} km" if choice.reach else ""
        smoothing = self.problem.smoothing
        how = smoothing.weight if isinstance(smoothing.weight, str) else "given"
        progress.say(
            f"{len(self.problem.system.values)} numbers, {self.estimate.slip.size} unknown slips;"
            f" weight {choice.weight:.3g} /m^2 ({how}){reach}{scale}"
        )
        for fit in self.fits:
            factor = f", errors x {math.sqrt(fit.factor):.2f} besides" if fit.factor != 1.0 else ""
            progress.say(
                f"  {fit.name}: {fit.count} numbers, wrms {fit.wrms * 1e3:.3g} mm, variance reduced"
                f" by {fit.percent} %{factor}"
            )
        unit = "m/yr" if self.rate else "m"
        for found in self.moments:
            said = f"{found.moment:.3g} +- {found.deviation:.2g} N m"
            said += " a year" if self.rate else f", magnitude {found.magnitude:.2f}"
            progress.say(
                f"  {found.name}: {said}, peak slip {found.peak:.3g} {unit}, least component"
                f" {found.least:.3g} {unit}"
            )
        for variant in self.variants:
            size = "" if self.rate else f"magnitude {variant.moment.magnitude:.2f}, "
            progress.say(
                f"  {variant.name} alone: {size}peak {variant.moment.peak:.3g} {unit}, wrms"
                f" {', '.join(f'{fit.wrms * 1e3:.3g}' for fit in variant.fit)} mm, slip differs by"
                f" {100 * variant.apart:.0f} % rms"
            )


def _fit_plain(fit: Fit) -> Mapping[str, Any]:
    return {
        "name": fit.name,
        "count": fit.count,
        "rms_m": fit.rms,
        "wrms_m": fit.wrms,
        "variance_reduction": fit.variance_reduction,
        "chi2_per_number": fit.chi2,
        "variance_factor": fit.factor,
    }
