/// The whole operator of a solve: y = Q (K + S) x, with elements K, a small assembled part S on
/// the surface (infinite elements, springs), and Q, which removes what boundaries hold fixed.
///
/// Over ranks K and S are sums of what each has: sums at shared nodes travel while the inner blocks
/// of elements work.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "operators/constraints.hpp"
#include "operators/elastic_ebe.hpp"
#include "operators/shared_nodes.hpp"
#include "operators/surface_rows.hpp"

namespace femcrust {

template <class T, class B>
class Stiffness {
 public:
  /// shared: null where there is one rank
  Stiffness(const Body& body, std::shared_ptr<const BlocksOn<B>> blocks, const SurfaceRows& surface,
            std::shared_ptr<const HeldDirections<B>> held,
            std::shared_ptr<const SharedNodes<B>> shared)
      : elements_(body, std::move(blocks)), held_(std::move(held)), shared_(std::move(shared)) {
    if (!shared_) {
      surface_ = surface.matrix<T, B>(body.unit);
      size_ = 3 * static_cast<double>(n_nodes());
      return;
    }
    const std::vector<Index>& nodes = shared_->halo().nodes();
    const auto at_border = [&](Index row) {
      return std::binary_search(nodes.begin(), nodes.end(), row);
    };
    surface_ = surface.only(std::not_fn(at_border)).template matrix<T, B>(body.unit);
    border_surface_ = surface.only(at_border).template matrix<T, B>(body.unit);
    size_ = 3 * shared_->halo().count(n_nodes());
  }

  Index n_nodes() const { return elements_.n_nodes(); }
  /// Unknowns of this rank, and of all.
  std::size_t size() const { return 3 * static_cast<std::size_t>(n_nodes()); }
  double whole_size() const { return size_; }
  std::size_t bytes() const {
    return elements_.bytes() + surface_.bytes() + border_surface_.bytes();
  }
  std::int64_t flops() const { return elements_.flops(); }
  const ElasticEbe<T, B>& elements() const { return elements_; }
  const HeldDirections<B>& held() const { return *held_; }
  const SharedNodes<B>* shared() const { return shared_.get(); }

  template <class F = Plain<T>>
  void apply(const B& backend, int width, const Words<B, F>& x, Words<B, F>& y) const {
    apply_unconstrained<F>(backend, width, x, y);
    held_->template project<F>(backend, width, y);
  }

  /// (K + S) x, for reactions and for lifting prescribed displacements.
  template <class F = Plain<T>>
  void apply_unconstrained(const B& backend, int width, const Words<B, F>& x,
                           Words<B, F>& y) const {
    in_halves<F>(backend, width, x, y,
                 [&](auto... which) { elements_.template apply<F>(width, x, y, which...); });
  }

  /// Q (K + S) P x of x on the vertices, [n_vertices][3][width]; `prolonged` is P x.
  template <class F>
  void apply_linear(const B& backend, int width, const ArrayOn<B, T>& x,
                    const Words<B, F>& prolonged, Words<B, F>& y) const {
    in_halves<F>(backend, width, prolonged, y,
                 [&](auto... which) { elements_.template apply_linear<F>(width, x, y, which...); });
    held_->template project<F>(backend, width, y);
  }

 private:
  /// y = K x by `elements` and y += S x; what other ranks wait for comes first.
  template <class F, class Elements>
  void in_halves(const B& backend, int width, const Words<B, F>& x, Words<B, F>& y,
                 const Elements& elements) const {
    if constexpr (B::kOnHost) {
      if (shared_) {
        elements(Blocks::border);
        border_surface_.template add<F>(backend, width, x, y);
        shared_->template start<F>(width, y.data());
        elements(Blocks::inner);
        surface_.template add<F>(backend, width, x, y);
        shared_->template finish<F>(width, y.data());
        return;
      }
    }
    elements();
    surface_.template add<F>(backend, width, x, y);
    border_surface_.template add<F>(backend, width, x, y);
    if (shared_) {
      shared_->template start<F>(width, y.data());
      shared_->template finish<F>(width, y.data());
    }
  }

  ElasticEbe<T, B> elements_;
  BlockMatrix<T, B> surface_, border_surface_;  // the latter at nodes that ranks share
  std::shared_ptr<const HeldDirections<B>> held_;
  std::shared_ptr<const SharedNodes<B>> shared_;
  double size_ = 0;
};

}  // namespace femcrust
