/// The multigrid of a problem whose setup works on the device too; included where bind<Cuda> is
/// instantiated, which then takes these in place of the setup on the host. No maths here.
#pragma once
#include <future>

#include "aggregation/device_hierarchy.hpp"
#include "aggregation/linear_level_cuda.hpp"
#include "bindings/multigrid.hpp"

namespace femcrust {

/// Inverse diagonal blocks of the quadratic level for block Jacobi.
inline DeviceArray<double> jacobi_blocks(const Problem<Cuda>& problem) {
  if (problem.body->shared) return jacobi_blocks<Cuda>(problem);
  return inverse_diagonal<double>(BodyForSums<double>(problem.stiffness.elements()), 1.0,
                                  problem.surface, problem.constraints);
}

/// Smoother of the quadratic level. Clusters of bad cells are grown on the host, meanwhile.
template <class T>
Chebyshev<T, Cuda> fine_smoother(DeviceArray<T> inverse, std::future<Clusters<T>>& clusters,
                                 int degree) {
  if (!clusters.valid()) return Chebyshev<T, Cuda>(std::move(inverse), 3, degree);
  const Clusters<T> strong = clusters.get();
  DeviceArray<Index> nodes;
  Cuda::copy_in(strong.nodes().data(), strong.nodes().size(), nodes);
  in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(diagonal_kernels))
      .clear(static_cast<Index>(nodes.size()), nodes.data(), inverse.data());
  return Chebyshev<T, Cuda>(std::move(inverse), strong, strong.empty(), degree);
}

template <class F>
Preconditioner<Cuda> make_multigrid(const Problem<Cuda>& problem, const Dense<Index>& edges,
                                    const SurfaceView& surface, const AggregationOptions& options,
                                    const std::vector<int>& degrees, bool clusters) {
  if (problem.body->shared)  // over ranks the setup is the host's
    return make_multigrid<F, Cuda>(problem, edges, surface, options, degrees, clusters);
  using T = typename F::Real;
  const Index n = problem.body->n_vertices;
  const double unit = stiffness_unit(problem.body->view());
  std::future<Clusters<T>> strong;
  if (clusters)
    strong = std::async(std::launch::async, [&] {
      return Clusters<T>(problem.body->view(unit), problem.surface, problem.constraints,
                         kClusterShape);
    });
  auto fine = std::make_shared<const Stiffness<T, Cuda>>(problem.template in_precision<T>(unit));
  EdgeTransfer<Cuda> transfer(edges.data(), static_cast<Index>(edges.shape(0)), n);
  DeviceArray<T> inverse;
  DeviceCsr<T> linear;
  DeviceArray<double> modes;
  {  // room for sums of elements, which goes before the levels below want theirs
    const BodyForSums<T> body(fine->elements());
    const HeldVertices held(problem.constraints, n);
    inverse = inverse_diagonal<T>(body, unit, problem.surface, problem.constraints);
    linear = linear_level<T>(body, transfer.graph(), unit, surface, held);
    modes = device_modes((*body).vertices, n, held);
  }
  DeviceHierarchy<T> below = device_hierarchy(Cuda(), std::move(linear), std::move(modes), options);
  Chebyshev<T, Cuda> smoother = fine_smoother<T>(std::move(inverse), strong, degrees[0]);
  return {Multigrid<F, Cuda>(std::move(fine), std::move(smoother), std::move(transfer),
                             problem.constraints.first(n), assembled_levels(below, degrees),
                             below.below.coarsest_inverse),
          nullptr, problem.body->n_nodes()};
}

}  // namespace femcrust
