/// The multigrid of a problem as Python asks for it. No maths here.
#pragma once
#include "aggregation/hierarchy.hpp"
#include "aggregation/linear_level.hpp"
#include "bindings/aggregation.hpp"
#include "bindings/problem.hpp"
#include "bindings/storage.hpp"
#include "operators/stiffness_unit.hpp"

namespace femcrust {

/// Surface rows of the linear level as Python sends them: (rows, begin, columns, blocks).
using RowArrays = std::tuple<Dense<Index>, Dense<Index>, Dense<Index>, Dense<double>>;

inline SurfaceView surface_view(const RowArrays& arrays) {
  const auto& [rows, begin, columns, blocks] = arrays;
  require(begin.size() == rows.size() + 1 && begin.data()[rows.size()] == columns.size() &&
              blocks.size() == 9 * columns.size(),
          "surface: rows, begin, columns and blocks do not fit together");
  return {static_cast<Index>(rows.size()), rows.data(), begin.data(), columns.data(),
          blocks.data()};
}

template <class T, class B>
BlockCsr<T> linear_level(const Problem<B>& problem, const SurfaceView& surface, double unit) {
  const Index n = problem.body->n_vertices;
  AssembledP1<T> stiffness = assemble_p1<T>(problem.body->view_with_blocks(unit), n);
  add_surface(surface, unit, stiffness);
  constrain(vertex_projectors(problem.constraints, n), stiffness);
  return as_level(std::move(stiffness));
}

template <class F, class B>
Preconditioner<B> make_multigrid(const Problem<B>& problem, const Dense<Index>& edges,
                                 const SurfaceView& surface, const AggregationOptions& options,
                                 const std::vector<int>& degrees, bool clusters) {
  using T = typename F::Real;
  const Index n = problem.body->n_vertices;
  const Cpu cpu;
  const double unit = stiffness_unit(problem.body->view());
  const std::shared_ptr<const SharedNodes<B>>& shared = problem.body->shared;
  const auto vertices = shared ? std::make_shared<const Halo>(shared->halo().first(n)) : nullptr;
  const Comm* const comm = shared ? &shared->halo().comm() : nullptr;
  Hierarchy<T> found = hierarchy(cpu, linear_level<T>(problem, surface, unit),
                                 projected(rigid_modes(problem.body->nodes.data(), n, comm),
                                           vertex_projectors(problem.constraints, n)),
                                 options, vertices);
  std::unique_ptr<Gathering<T, B>> gathering;
  if (shared)
    gathering = std::make_unique<Gathering<T, B>>(shared->halo().shared_comm(), found.places,
                                                  found.stages[found.gathered].matrix.n_rows(),
                                                  found.stages[found.gathered].matrix.block_rows);
  std::vector<AssembledLevel<T, B>> levels;
  for (Stage<T>& stage : found.stages) {
    AssembledLevel<T, B> level;
    const int block = stage.matrix.block_rows;
    level.size = stage.matrix.size();
    level.block = block;
    if (stage.halo) level.shared = std::make_shared<const SharedNodes<B>>(stage.halo);
    level.matrix = std::move(stage.matrix).template as_matrix<B>();
    if (stage.lambda_max > 0) {
      level.prolongation = std::move(stage.prolongation).template as_matrix<B>();
      level.restriction = std::move(stage.restriction).template as_matrix<B>();
      level.smoother = Chebyshev<T, B>(
          smoother_blocks(std::move(stage.inverse_diagonal), block), block,
          degrees[std::min(degrees.size() - 1, levels.size() + 1)], stage.lambda_max);
    }
    levels.push_back(std::move(level));
  }
  const Body body = problem.body->view_with_blocks(unit);
  Array<T> inverse = inverse_diagonal<T>(body, problem.surface, problem.constraints);
  Clusters<T> strong;
  if (clusters) {
    strong = Clusters<T>(body, problem.surface, problem.constraints, kClusterShape);
    strong.clear(inverse);
  }
  double hard = strong.empty() ? 0 : 1;
  if (comm != nullptr) comm->sum(&hard, 1);
  Chebyshev<T, B> smoother =
      clusters ? Chebyshev<T, B>(B::placed(std::move(inverse)), strong, hard == 0, degrees[0])
               : Chebyshev<T, B>(std::move(inverse), 3, degrees[0]);
  return {
      Multigrid<F, B>(
          std::make_shared<const Stiffness<T, B>>(problem.template in_precision<T>(unit)),
          std::move(smoother), EdgeTransfer<B>(edges.data(), static_cast<Index>(edges.shape(0)), n),
          problem.constraints.first(n), std::move(levels), found.coarsest_inverse, found.gathered,
          std::move(gathering)),
      shared, problem.body->n_nodes()};
}

template <class B>
void bind_multigrid(py::module_& m) {
  m.def(
      "multigrid",
      [](const Problem<B>& p, const Dense<Index>& edges, const RowArrays& surface, double strength,
         Index coarsest, const std::vector<int>& degrees, bool clusters,
         const std::string& storage) -> Preconditioner<B> {
        require_shape(edges, {-1, 2}, "edges");
        require(edges.shape(0) + p.body->n_vertices == p.body->n_nodes(),
                "edges: nodes are vertices, then one node for each edge");
        require(!degrees.empty(), "degrees: one for each level; the last holds for all below");
        const AggregationOptions options{strength, coarsest};
        const SurfaceView rows = surface_view(surface);
        const py::gil_scoped_release free;
        return with_format(storage, [&](auto format) {
          return make_multigrid<decltype(format)>(p, edges, rows, options, degrees, clusters);
        });
      },
      py::arg("stiffness"), py::arg("edges").noconvert(), py::arg("surface"), py::arg("strength"),
      py::arg("coarsest"), py::arg("degrees"), py::arg("clusters"), py::arg("storage"),
      py::keep_alive<0, 1>(), py::keep_alive<0, 2>());  // moduli and edges are borrowed
  py::module_ pieces = m.def_submodule("aggregation", "its pieces, for tests");
  bind_aggregation(pieces);
  pieces.def("linear_level", [](const Problem<B>& p, const RowArrays& surface) {
    return arrays_of(linear_level<double>(p, surface_view(surface), 1));
  });
  pieces.def("kept_product", [](const MatrixArrays& a, const Dense<double>& x, bool single) {
    return single ? kept_product<float, B>(a, x) : kept_product<double, B>(a, x);
  });
}

}  // namespace femcrust
