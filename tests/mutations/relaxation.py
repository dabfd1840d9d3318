"""Errors in rock that flows and guesses of where it goes."""

from __future__ import annotations

from mutations.mutation import Mutation

GUESS = ("tests/unit/test_guess.py",)
RHEOLOGY = ("tests/unit/test_rheology.py",)
FLOW = ("tests/unit/test_flow.py",)
CREEP = ("tests/unit/test_creep_flow.py",)
RELAXING = ("tests/unit/test_relaxing.py",)

RELAXATION = (
    # rheologies
    Mutation(
        "relaxation time 2η/μ of a dashpot that creeps at s/η",
        "femcrust/materials/rheology.py",
        "axis=-1) / moduli",
        "axis=-1) * 2 / moduli",
        RHEOLOGY,
    ),
    Mutation(
        "moduli of the fast and the slow branch of a Burgers body swapped",
        "femcrust/materials/rheology.py",
        "np.where(d > 0.0, larger, smaller), np.where(d > 0.0, smaller, larger)",
        "np.where(d > 0.0, smaller, larger), np.where(d > 0.0, larger, smaller)",
        RHEOLOGY,
    ),
    Mutation(
        "the smaller branch of a Burgers body from a difference of near numbers",
        "femcrust/materials/rheology.py",
        "smaller = b * c / larger",
        "smaller = (apart - np.abs(d)) / 2.0",
        RHEOLOGY,
    ),
    Mutation(
        "a standard linear solid relaxes with the creep time of its Kelvin element",
        "femcrust/materials/rheology.py",
        "eta_kelvin / (mu + mu_kelvin)",
        "eta_kelvin / mu_kelvin",
        RHEOLOGY,
    ),
    Mutation(
        "relaxation times in the order of the materials, not of the elements",
        "femcrust/materials/relaxing.py",
        "np.inf) for _, _, t, *_ in parts])[order]",
        "np.inf) for _, _, t, *_ in parts])",
        RELAXING,
    ),
    Mutation(
        "what rounding leaves of a Burgers body never relaxes",
        "femcrust/materials/relaxing.py",
        "np.where(rest > ROUNDING * whole, rest, 0.0)",
        "np.where(rest > -1.0, rest, 0.0)",
        RELAXING,
    ),
    Mutation(
        "strain of a series: slip counts as strain",
        "femcrust/outputs/strain.py",
        "strain[source.elements] -=",
        "strain[source.elements] +=",
        ("tests/unit/test_strain.py",),
    ),
    Mutation(
        "a collection names a file before it is written",
        "femcrust/outputs/series.py",
        "            self._written.append(write_fields(self.directory / name, result))\n",
        "",
        ("tests/unit/test_series.py",),
    ),
    Mutation(
        "map of what followed an earthquake holds the earthquake",
        "femcrust/outputs/maps.py",
        "surface.displacement - record.first_ground",
        "surface.displacement",
        ("tests/unit/test_series.py",),
    ),
    # flow of rock that relaxes
    Mutation(
        "a sign in the estimate of a step's error",
        "csrc/materials/branch.hpp",
        "k0 + k1 - TrBdf2::kGamma * k2",
        "k0 - k1 - TrBdf2::kGamma * k2",
        FLOW,
    ),
    Mutation(
        "rates of the second stage weigh a third, not √2/4",
        "csrc/materials/branch.hpp",
        "kWeight = kRoot2 / 4;",
        "kWeight = 1.0 / 3;",
        FLOW,
    ),
    Mutation(
        "zz of a deviator has the sign of xx and yy",
        "csrc/materials/branch.hpp",
        "tensor[2] -= factor",
        "tensor[2] += factor",
        FLOW,
    ),
    Mutation(
        "points on infinite elements weigh the same",
        "csrc/timestepping/face_flow.hpp",
        "weights_[k * kPoints + p] * stress",
        "weights_[k * kPoints] * stress",
        FLOW,
    ),
    Mutation(
        "elements that do not flow shift those after them",
        "csrc/timestepping/flow.cu",
        "flow.cells[static_cast<std::size_t>(block.first_element) + threadIdx.x]",
        "static_cast<Index>(block.first_element + threadIdx.x) % flow.n_cells",
        FLOW,
    ),
    Mutation(
        "creep as a power of |w|², not of |w|",
        "csrc/materials/creep.hpp",
        "(n - 1) / 2 * log(square)",
        "(n - 1) * log(square)",
        CREEP,
    ),
    Mutation(
        "the length of a stress that creeps follows one Newton step",
        "csrc/materials/creep.hpp",
        "step < 12",
        "step < 1",
        CREEP,
    ),
    Mutation(
        "a flow law takes the stress for the differential one of shear",
        "femcrust/materials/creep.py",
        "2 * np.sqrt(3.0) * mu",
        "2 * mu",
        ("tests/verification/creep/test_creep_of_a_point.py",),
    ),
    # initial guesses
    Mutation(
        "increments dropped that differ by a tenth from those kept",
        "csrc/timestepping/predictor.hpp",
        "kDrop = 1e-5;",
        "kDrop = 1e-1;",
        GUESS,
    ),
    Mutation(
        "the map of another step kept",
        "femcrust/timestepping/learned.py",
        "self._predictor.forget()",
        "self._predictor.interrupt()",
        GUESS,
    ),
    Mutation(
        "an increment across an event taken for flow",
        "femcrust/timestepping/learned.py",
        "            self._predictor.interrupt()",
        "            pass",
        GUESS,
    ),
    Mutation(
        "a projection combines solutions that are all but alike",
        "csrc/timestepping/histories.hpp",
        "if (!(rest > least * gram(column, column))) continue;",
        "if (!(rest > -1)) continue;",
        ("tests/unit/test_projection.py",),
    ),
    Mutation(
        "projection with the products of another matrix",
        "femcrust/timestepping/projected.py",
        "if operator is not self._operator():",
        "if self._operator() is None:",
        GUESS,
    ),
    Mutation(
        "extrapolation that takes all steps for equal",
        "femcrust/timestepping/guess.py",
        "known = [(t - self._dt, u) for t, u in self._known]",
        "known = [(t - 0.1, u) for t, u in self._known]",
        GUESS,
    ),
)
