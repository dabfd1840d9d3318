/// What Python holds: a body with its blocks, an operator, a preconditioner. No maths here.
#pragma once
#include <memory>
#include <variant>
#include <vector>

#include "bindings/arrays.hpp"
#include "core/lazily.hpp"
#include "operators/diagonal_blocks.hpp"
#include "operators/stiffness.hpp"
#include "preconditioners/block_jacobi.hpp"
#include "preconditioners/multigrid.hpp"
#include "solvers/cg.hpp"

namespace femcrust {

/// Keeps the NumPy arrays that a Body borrows; they are not copied, so they must not change.
template <class B>
struct OwnedBody {
  Dense<Index> elements;
  Dense<double> nodes, lam, mu;
  Index n_vertices;
  std::shared_ptr<const SharedNodes<B>> shared;              // null where there is one rank
  std::shared_ptr<const Lazily<ElementBlocks>> host_blocks;  // a device hardly asks for them
  std::shared_ptr<const BlocksOn<B>> product_blocks;         // for products

  OwnedBody(Dense<Index> elements_, Dense<double> nodes_, Dense<double> lam_, Dense<double> mu_,
            Index n_vertices_, const std::shared_ptr<const Halo>& halo)
      : elements(std::move(elements_)),
        nodes(std::move(nodes_)),
        lam(std::move(lam_)),
        mu(std::move(mu_)),
        n_vertices(n_vertices_),
        shared(halo ? std::make_shared<const SharedNodes<B>>(halo) : nullptr) {
    require_shape(elements, {-1, tet10::kNodes}, "elements");
    require_shape(nodes, {-1, 3}, "nodes");
    require_shape(lam, {elements.shape(0)}, "lam");
    require_shape(mu, {elements.shape(0)}, "mu");
    require(elements.shape(0) > 0, "elements: there are none");
    require(std::max(elements.shape(0), nodes.shape(0)) <= INT32_MAX,
            "elements, nodes: more than 2³¹");
    const auto n = static_cast<Index>(nodes.shape(0));
    require(all_inside(elements, n), "elements: a node number lies outside 0 … n_nodes - 1");
    require(n_vertices > 0 && n_vertices <= n, "n_vertices: outside 1 … n_nodes");
    const std::vector<Index> none, &border = halo ? halo->nodes() : none;
    require(border.empty() || (border.front() >= 0 && border.back() < n),
            "halo: a node number lies outside 0 … n_nodes - 1");
    host_blocks = std::make_shared<const Lazily<ElementBlocks>>(
        [of = elements.data(), count = n_elements(), n, border] {
          return ElementBlocks(of, count, n, border);
        });
    if constexpr (B::kOnHost)
      product_blocks = {host_blocks, &host_blocks->get()};
    else
      product_blocks = std::make_shared<BlocksOn<B>>(view());
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

  Index n_elements() const { return static_cast<Index>(elements.shape(0)); }
  Index n_nodes() const { return static_cast<Index>(nodes.shape(0)); }
  const ElementBlocks& blocks() const { return host_blocks->get(); }

  /// For work on the host that sums at nodes.
  Body view_with_blocks(double unit = 1) const {
    Body body = view(unit);
    body.blocks = &blocks();
    return body;
  }
  Body view(double unit = 1) const {
    const ElementBlocks* sums = nullptr;
    if constexpr (B::kOnHost) sums = &blocks();
    return {
        elements.data(), nodes.data(), lam.data(), mu.data(), n_elements(),
        n_nodes(),       n_vertices,   sums,       unit,      shared ? &shared->halo() : nullptr};
  }
};

template <class B>
struct Problem {
  std::shared_ptr<const OwnedBody<B>> body;
  SurfaceRows surface;
  Constraints constraints;
  std::shared_ptr<const HeldDirections<B>> held;
  Stiffness<double, B> stiffness;

  Problem(std::shared_ptr<const OwnedBody<B>> body_, SurfaceRows surface_, Constraints constraints_)
      : body(std::move(body_)),
        surface(std::move(surface_)),
        constraints(std::move(constraints_)),
        held(std::make_shared<const HeldDirections<B>>(constraints)),
        stiffness(in_precision<double>(1)) {}

  template <class T>
  Stiffness<T, B> in_precision(double unit) const {
    return {body->view(unit), body->product_blocks, surface, held, body->shared};
  }
};

/// Inverse diagonal blocks of the quadratic level for block Jacobi.
template <class B>
ArrayOn<B, double> jacobi_blocks(const Problem<B>& problem) {
  return B::placed(inverse_diagonal<double>(problem.body->view_with_blocks(), problem.surface,
                                            problem.constraints));
}

template <class B>
struct Preconditioner {
  std::variant<BlockJacobi<B>, Multigrid<Fp64, B>, Multigrid<Fp32, B>, Multigrid<Fp21, B>,
               Multigrid<Shared18, B>, Multigrid<Bf16, B>, Multigrid<Fp16, B>>
      kind;

  /// z ≈ A⁻¹ r
  void apply(const B& backend, int width, const PerColumn& lengths, const ArrayOn<B, double>& r,
             ArrayOn<B, double>& z) const {
    std::visit([&](const auto& M) { M.apply(backend, width, lengths, r, z); }, kind);
  }

  std::shared_ptr<const SharedNodes<B>> shared{};  // null where there is one rank
  Index n_nodes = 0;
  mutable CgVectors<B> vectors{};  // of the solves that use it, one at a time
};

}  // namespace femcrust
