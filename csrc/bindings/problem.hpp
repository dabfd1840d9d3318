/// What Python holds: a body with its blocks, an operator, a preconditioner. No maths here.
#pragma once
#include <memory>
#include <variant>
#include <vector>

#include "bindings/arrays.hpp"
#include "operators/stiffness.hpp"
#include "preconditioners/block_jacobi.hpp"
#include "preconditioners/multigrid.hpp"
#include "solvers/cg.hpp"

namespace femcrust {

/// Keeps the NumPy arrays that a Body borrows; they are not copied, so they must not change.
struct OwnedBody {
  Dense<Index> elements;
  Dense<double> nodes, lam, mu;
  Index n_vertices;
  std::shared_ptr<const ElementBlocks> blocks;

  OwnedBody(Dense<Index> elements_, Dense<double> nodes_, Dense<double> lam_, Dense<double> mu_,
            Index n_vertices_)
      : elements(std::move(elements_)),
        nodes(std::move(nodes_)),
        lam(std::move(lam_)),
        mu(std::move(mu_)),
        n_vertices(n_vertices_) {
    require_shape(elements, {-1, tet10::kNodes}, "elements");
    require_shape(nodes, {-1, 3}, "nodes");
    require_shape(lam, {elements.shape(0)}, "lam");
    require_shape(mu, {elements.shape(0)}, "mu");
    require(elements.shape(0) > 0, "elements: there are none");
    require(std::max(elements.shape(0), nodes.shape(0)) <= INT32_MAX,
            "elements, nodes: more than 2³¹");
    const auto n = static_cast<Index>(nodes.shape(0));
    const Index* const first = elements.data();
    const Index* const last = first + elements.size();
    require(std::all_of(first, last, [n](Index a) { return a >= 0 && a < n; }),
            "elements: a node number lies outside 0 … n_nodes - 1");
    require(n_vertices > 0 && n_vertices <= n, "n_vertices: outside 1 … n_nodes");
    blocks =
        std::make_shared<ElementBlocks>(elements.data(), static_cast<Index>(elements.shape(0)), n);
  }

  /// The same elements with other moduli: their blocks are shared.
  OwnedBody with_moduli(Dense<double> lam_, Dense<double> mu_) const {
    require_shape(lam_, {elements.shape(0)}, "lam");
    require_shape(mu_, {elements.shape(0)}, "mu");
    OwnedBody other = *this;
    other.lam = std::move(lam_);
    other.mu = std::move(mu_);
    return other;
  }

  Index n_nodes() const { return blocks->n_nodes; }
  Body view(double unit = 1) const {
    return {elements.data(), nodes.data(), lam.data(),   mu.data(), blocks->n_elements,
            n_nodes(),       n_vertices,   blocks.get(), unit};
  }
};

/// Stored rows of 3×3 blocks, kept in double so that each precision can be made from it.
struct SurfaceRows {
  std::vector<Index> rows, begin{0}, columns;
  std::vector<double> blocks;

  template <class T>
  BlockMatrix<T> matrix(double unit) const {
    std::vector<double> scaled = blocks;
    for (double& value : scaled) value /= unit;
    return {
        3, 3, rows, begin.data(), static_cast<Index>(rows.size()), columns.data(), scaled.data()};
  }
};

struct Problem {
  std::shared_ptr<const OwnedBody> body;
  SurfaceRows surface;
  std::shared_ptr<const Constraints> constraints;
  Stiffness<double> stiffness;

  Problem(std::shared_ptr<const OwnedBody> body_, SurfaceRows surface_, Constraints constraints_)
      : body(std::move(body_)),
        surface(std::move(surface_)),
        constraints(std::make_shared<const Constraints>(std::move(constraints_))),
        stiffness(in_precision<double>(1)) {}

  template <class T>
  Stiffness<T> in_precision(double unit) const {
    return {body->view(unit), body->blocks, surface.matrix<T>(unit), constraints};
  }
};

struct Preconditioner {
  std::variant<BlockJacobi, Multigrid<Fp64>, Multigrid<Fp32>, Multigrid<Fp21>, Multigrid<Shared18>,
               Multigrid<Bf16>, Multigrid<Fp16>>
      kind;
  mutable CgVectors vectors{};  // of the solves that use it, one at a time
};

}  // namespace femcrust
