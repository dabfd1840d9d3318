/// Clusters of strongly coupled nodes, for tests: solves on them, and their inverses as kept.
#pragma once
#include "bindings/problem.hpp"
#include "operators/stiffness_unit.hpp"
#include "preconditioners/cluster_solve.hpp"

namespace femcrust {

template <class T, class B>
Clusters<T> clusters_of(const Problem<B>& p, double unit) {
  return {p.body->view(unit), p.surface, p.constraints, kClusterShape};
}

/// C⁻¹ r on clusters and zero elsewhere, and the nodes of each cluster; C in multiples of `unit`.
template <class T, class B>
py::tuple cluster_solve(const Problem<B>& p, const Dense<T>& r, double unit) {
  const int columns = r.ndim() == 3 ? static_cast<int>(r.shape(2)) : 1;
  require(r.ndim() >= 2 && r.shape(0) == p.body->n_nodes() && r.shape(1) == 3,
          "r: shape (n_nodes, 3) or (n_nodes, 3, columns)");
  const Clusters<T> clusters = clusters_of<T>(p, unit);
  const ClusterSolve<T, B> solve(clusters);
  const ArrayOn<B, T> in = sent<B>(r);
  ArrayOn<B, T> z(in.size());
  solve.template add<Plain<T>>(B(), columns, in.data(), T(1), z.data(), nullptr);
  return py::make_tuple(fetched<B>(z, {r.shape(), r.shape() + r.ndim()}), clusters.lists());
}

template <class Kept>
py::tuple changes_of(const Clusters<float>& clusters) {
  const SmallClusters<float, Kept> small(clusters);
  return py::make_tuple(
      to_numpy<double>(small.changes, {static_cast<py::ssize_t>(small.changes.size())}),
      small.places.size(), small.others.size());
}

template <class B>
void bind_clusters(py::module_& m) {
  m.def("cluster_solve", [](const Problem<B>& p, const py::array& r) {
    if (py::isinstance<py::array_t<float>>(r))
      return cluster_solve<float>(p, Dense<float>(r), stiffness_unit(p.body->view()));
    return cluster_solve<double>(p, Dense<double>(r), 1);
  });
  /// For inverses in float and in one and two FP16 numbers: what rounding does to each cluster of
  /// few nodes, how many batches are kept as inverses, how many as factors.
  m.def("cluster_changes", [](const Problem<B>& p) {
    const Clusters<float> clusters = clusters_of<float>(p, stiffness_unit(p.body->view()));
    return py::make_tuple(changes_of<PlainInverse<float>>(clusters),
                          changes_of<TiledInverse<1>>(clusters),
                          changes_of<TiledInverse<2>>(clusters));
  });
}

}  // namespace femcrust
