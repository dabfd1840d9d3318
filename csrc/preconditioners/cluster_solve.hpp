/// z = C⁻¹ r on clusters of strongly coupled nodes, where a backend works: exact solves with the
/// stiffness of a cluster in place of the 3×3 blocks of its nodes.
#pragma once
#include "operators/shared_nodes.hpp"
#include "preconditioners/clusters.hpp"
#include "preconditioners/small_cluster_solve.hpp"

namespace femcrust {

template <class T, class B>
class ClusterSolve {
 public:
  ClusterSolve() = default;
  explicit ClusterSolve(const Clusters<T>& clusters) : most_nodes_(clusters.most_nodes()) {
    const std::vector<ClusterPlace> places = clusters.places();
    B::copy_in(places.data(), places.size(), places_);
    B::copy_in(clusters.nodes().data(), clusters.nodes().size(), nodes_);
    B::copy_in(clusters.factors().data(), clusters.factors().size(), factors_);
    if constexpr (!B::kOnHost) small_ = SmallClusterSolve<T, B>(clusters);
    if (clusters.shared()) shared_ = std::make_unique<SharedNodes<B>>(clusters.shared());
  }

  std::size_t bytes() const { return factors_.bytes() + nodes_.bytes() + small_.bytes(); }

  /// d += gain C⁻¹ r, and x too unless it is null; on the rank that has the cluster: `spread` tells
  /// others. Vectors are [n_nodes][3][width] in format F.
  template <class F>
  void add(const B& backend, int width, const typename F::Word* r, T gain, typename F::Word* d,
           typename F::Word* x) const {
    if (places_.empty()) return;
    const ArrayOn<B, ClusterPlace>* places = &places_;
    if constexpr (!B::kOnHost) {
      const auto* const others = small_.template add<F>(width, nodes_.data(), r, gain, d, x);
      if (others != nullptr) places = others;
    }
    const auto kernel = FEMCRUST_KERNELS(B, cluster_kernels).add(F{}, width);
    const ClusterBatches<T> batches{places->data(), nodes_.data(), factors_.data(), most_nodes_};
    backend.for_ranges(static_cast<Index>(places->size()), 4, [&](Index first, Index last) {
      kernel(batches, first, last, r, gain, d, x);
    });
  }

  /// What `add` found at nodes that other ranks know too.
  template <class F>
  void spread(int width, typename F::Word* v) const {
    if (shared_) shared_->template agree_in<F>(width, v);
  }

 private:
  Index most_nodes_ = 0;
  SmallClusterSolve<T, B> small_;
  ArrayOn<B, ClusterPlace> places_;
  ArrayOn<B, Index> nodes_;  // [batch][n][kClusterLanes]
  ArrayOn<B, T> factors_;    // [batch][3 n][3 (reach + 1)][kClusterLanes]
  std::unique_ptr<const SharedNodes<B>> shared_;
};

}  // namespace femcrust
