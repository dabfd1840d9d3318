/// What products, preconditioners and solves do with arrays that are where their backend works.
#pragma once
#include <omp.h>

#include <utility>
#include <vector>

#include "bindings/problem.hpp"
#include "operators/together.hpp"
#include "solvers/cg.hpp"

namespace femcrust {

template <class B>
ArrayOn<B, double> applied(const Problem<B>& p, int width, const ArrayOn<B, double>& x,
                           bool constrained) {
  ArrayOn<B, double> y(x.size());
  const B backend;
  if (constrained)
    p.stiffness.apply(backend, width, x, y);
  else
    p.stiffness.apply_unconstrained(backend, width, x, y);
  return y;
}

template <class B>
ArrayOn<B, double> preconditioned(const Preconditioner<B>& preconditioner, int width,
                                  const ArrayOn<B, double>& r) {
  ArrayOn<B, double> z(r.size());
  const Together<B> backend(preconditioner.shared.get());
  PerColumn lengths = backend.dot(width, r, r);
  for (double& length : lengths.of) length = std::sqrt(length);
  preconditioner.apply(backend, width, lengths, r, z);
  return z;
}

/// Solves with the load and the guess in b and x of the preconditioner's vectors; hands the
/// solution to `take` and returns what Python is told of each column, and the seconds that it took
/// where the vectors are.
template <class B, class Take>
std::pair<py::list, double> solved(const Problem<B>& p, const Preconditioner<B>& preconditioner,
                                   int width, const CgOptions& options, const Watch& watch,
                                   const Take& take) {
  std::vector<SolveResult> results;
  double seconds = 0;
  {
    const py::gil_scoped_release free;
    const auto guarded = [&](int iteration, double residual) {
      const py::gil_scoped_acquire held;
      return watch(iteration, residual);
    };
    const Together<B> backend(p.stiffness.shared());
    const double start = omp_get_wtime();
    ConjugateGradients solver(backend, p.stiffness, preconditioner, preconditioner.vectors, width,
                              options);
    const auto& x = solver.solve(guarded);
    backend.synchronize();
    seconds = omp_get_wtime() - start;
    take(x);
    results = solver.results();
  }
  py::list columns;
  for (const SolveResult& result : results)
    columns.append(
        py::make_tuple(result.converged, result.broken_down, result.iterations, result.residuals));
  return {columns, seconds};
}

/// A backend whose arrays Python can hold adds functions that take them in place (see
/// device_array.hpp); on the host NumPy's arrays are that already.
template <class Class>
void bind_in_place(Class&) {}
template <class B>
void bind_solve_in_place(py::module_&) {}

}  // namespace femcrust
