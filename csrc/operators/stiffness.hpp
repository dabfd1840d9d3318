/// The whole operator of a solve: y = Q (K + S) x, with elements K, a small assembled part S on
/// the surface (infinite elements, springs), and Q, which removes what boundaries hold fixed.
#pragma once
#include <memory>
#include <utility>

#include "operators/constraints.hpp"
#include "operators/elastic_ebe.hpp"
#include "operators/surface_rows.hpp"

namespace femcrust {

template <class T, class B>
class Stiffness {
 public:
  Stiffness(const Body& body, std::shared_ptr<const BlocksOn<B>> blocks, const SurfaceRows& surface,
            std::shared_ptr<const HeldDirections<B>> held)
      : elements_(body, std::move(blocks)),
        surface_(surface.matrix<T, B>(body.unit)),
        held_(std::move(held)) {}

  Index n_nodes() const { return elements_.n_nodes(); }
  std::size_t size() const { return 3 * static_cast<std::size_t>(n_nodes()); }
  std::size_t bytes() const { return elements_.bytes() + surface_.bytes(); }
  std::int64_t flops() const { return elements_.flops(); }
  const ElasticEbe<T, B>& elements() const { return elements_; }
  const HeldDirections<B>& held() const { return *held_; }

  template <class F = Plain<T>>
  void apply(const B& backend, int width, const Words<B, F>& x, Words<B, F>& y) const {
    apply_unconstrained<F>(backend, width, x, y);
    held_->template project<F>(backend, width, y);
  }

  /// (K + S) x, for reactions and for lifting prescribed displacements.
  template <class F = Plain<T>>
  void apply_unconstrained(const B& backend, int width, const Words<B, F>& x,
                           Words<B, F>& y) const {
    elements_.template apply<F>(width, x, y);
    surface_.template add<F>(backend, width, x, y);
  }

  /// Q (K + S) P x of x on the vertices, [n_vertices][3][width]; `prolonged` is P x.
  template <class F>
  void apply_linear(const B& backend, int width, const ArrayOn<B, T>& x,
                    const Words<B, F>& prolonged, Words<B, F>& y) const {
    elements_.template apply_linear<F>(width, x, y);
    surface_.template add<F>(backend, width, prolonged, y);
    held_->template project<F>(backend, width, y);
  }

 private:
  ElasticEbe<T, B> elements_;
  BlockMatrix<T, B> surface_;
  std::shared_ptr<const HeldDirections<B>> held_;
};

}  // namespace femcrust
