/// What Python holds: a body with its blocks, an operator, a preconditioner. No maths here.
#pragma once
#include <memory>
#include <variant>
#include <vector>

#include "bindings/arrays.hpp"
#include "operators/stiffness.hpp"
#include "preconditioners/block_jacobi.hpp"
#include "preconditioners/multigrid.hpp"

namespace femcrust {

/// Owns the arrays that a Body borrows.
struct OwnedBody {
  Array<Index> elements;
  Array<double> nodes, lam, mu;
  Index n_vertices;
  std::shared_ptr<const ElementBlocks> blocks;

  OwnedBody(const Dense<Index>& elements_, const Dense<double>& nodes_, const Dense<double>& lam_,
            const Dense<double>& mu_, Index n_vertices_)
      : n_vertices(n_vertices_) {
    require_shape(elements_, {-1, tet10::kNodes}, "elements");
    require_shape(nodes_, {-1, 3}, "nodes");
    require_shape(lam_, {elements_.shape(0)}, "lam");
    require_shape(mu_, {elements_.shape(0)}, "mu");
    const auto n = static_cast<Index>(nodes_.shape(0));
    require(elements_.shape(0) > 0, "elements: there are none");
    const Index* const first = elements_.data();
    const Index* const last = first + elements_.size();
    require(std::all_of(first, last, [n](Index a) { return a >= 0 && a < n; }),
            "elements: a node number lies outside 0 … n_nodes - 1");
    require(n_vertices_ > 0 && n_vertices_ <= n, "n_vertices: outside 1 … n_nodes");
    elements = to_array(elements_);
    nodes = to_array(nodes_);
    lam = to_array(lam_);
    mu = to_array(mu_);
    blocks =
        std::make_shared<ElementBlocks>(elements.data(), static_cast<Index>(elements_.shape(0)), n);
  }

  Index n_nodes() const { return blocks->n_nodes; }
  Body view() const {
    return {elements.data(),    nodes.data(), lam.data(),  mu.data(),
            blocks->n_elements, n_nodes(),    blocks.get()};
  }
};

/// Stored rows of 3×3 blocks, kept in double so that each precision can be made from it.
struct SurfaceRows {
  std::vector<Index> rows, begin{0}, columns;
  std::vector<double> blocks;

  template <class T>
  BlockMatrix<T> matrix() const {
    return {
        3, 3, rows, begin.data(), static_cast<Index>(rows.size()), columns.data(), blocks.data()};
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
        stiffness(in_precision<double>()) {}

  template <class T>
  Stiffness<T> in_precision() const {
    return {body->view(), body->blocks, surface.matrix<T>(), constraints};
  }
};

struct Preconditioner {
  std::variant<BlockJacobi, Multigrid<float>, Multigrid<double>> kind;
};

}  // namespace femcrust
