/// Clusters of strongly coupled nodes, where cells are hard to smooth: lines across thin layers,
/// patches, stars. Their stiffness C, factored, takes the place of the 3×3 blocks of their nodes
/// (cluster_solve.hpp).
///
/// The factors stay positive definite whatever the rounding, because L D Lᵀ is for any L and D > 0.
#pragma once
#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "preconditioners/bordered_body.hpp"
#include "preconditioners/cluster_kernels.hpp"
#include "preconditioners/cluster_stiffness.hpp"

namespace femcrust {

template <class T>
class Clusters {
 public:
  Clusters() = default;
  /// Over ranks each cluster lies on one of them, which owns its nodes; every rank takes part.
  Clusters(const Body& body, const SurfaceRows& surface, const Constraints& constraints,
           ClusterShape shape) {
    require(shape.most <= kMostInCluster && shape.reach <= kMostReach, "clusters: too large");
    {
      const BorderedBody bordered(body, surface);
      const ClusterLinks links(bordered.body(), hard_elements(bordered.body()),
                               bordered.elsewhere(), shape.strength);
      const ClusterGrowth growth(links, shape);
      if (growth.clusters().size() > 0) {
        lay_out(links, growth);
        factor({bordered.body(), bordered.surface(), constraints, links, growth});
      }
    }
    if (body.halo != nullptr) find_shared(*body.halo);
  }

  bool empty() const { return shapes_.empty(); }
  /// Nodes of clusters, here or on other ranks, that ranks share; null: this rank knows none.
  const std::shared_ptr<const Halo>& shared() const { return shared_; }
  const std::vector<Index>& nodes() const { return nodes_; }
  const Array<T>& factors() const { return factors_; }
  Index most_nodes() const {
    Index most = 0;
    for (const auto& [n, reach] : shapes_) most = std::max(most, n);
    return most;
  }

  std::vector<ClusterPlace> places() const {
    std::vector<ClusterPlace> out;
    for (std::size_t b = 0; b < shapes_.size(); ++b)
      out.push_back({shapes_[b].first, shapes_[b].second, static_cast<std::int64_t>(node_begin_[b]),
                     static_cast<std::int64_t>(factor_begin_[b])});
    return out;
  }

  /// Nodes of every cluster.
  std::vector<std::vector<Index>> lists() const {
    std::vector<std::vector<Index>> out(order_.size());
    for (std::size_t k = 0; k < order_.size(); ++k) {
      const std::size_t b = k / kClusterLanes;
      for (std::size_t i = 0; i < at(shapes_[b].first); ++i) {
        const Index node = nodes_[node_begin_[b] + i * kClusterLanes + k % kClusterLanes];
        if (node >= 0) out[k].push_back(node);
      }
    }
    return out;
  }

  /// Zero in place of the 3×3 blocks of clustered nodes: z = D r then leaves them to their cluster.
  void clear(Array<T>& inverse_diagonal) const {
    const auto clear_one = [&](Index node) {
      if (node >= 0) std::fill_n(inverse_diagonal.data() + 6 * at(node), 6, T(0));
    };
    for (const Index node : nodes_) clear_one(node);
    if (shared_)
      for (const Index node : shared_->nodes()) clear_one(node);
  }

 private:
  static std::size_t at(Index k) { return static_cast<std::size_t>(k); }
  Index n_batches() const { return static_cast<Index>(shapes_.size()); }
  static const ClusterKernels& kernels() { return FEMCRUST_FOR_THIS_CPU(cluster_kernels); }

  struct ClusterWork {
    std::vector<double> bands, values;  // of a batch: cluster after cluster, and in lanes
  };

  /// Clusters of like shape share a batch: sorted by reach and length, sixteen by sixteen.
  void lay_out(const ClusterLinks& links, const ClusterGrowth& growth) {
    const Lists& clusters = growth.clusters();
    order_.resize(at(clusters.size()));
    std::iota(order_.begin(), order_.end(), 0);
    const auto& reach = growth.reach();
    std::stable_sort(order_.begin(), order_.end(), [&](Index a, Index b) {
      return std::pair(reach[at(a)], clusters.length(a)) <
             std::pair(reach[at(b)], clusters.length(b));
    });
    node_begin_.push_back(0);
    factor_begin_.push_back(0);
    for (std::size_t first = 0; first < order_.size(); first += kClusterLanes) {
      const std::size_t last = std::min(order_.size(), first + kClusterLanes);
      Index most = 0, far = 0;
      for (std::size_t k = first; k < last; ++k) {
        most = std::max(most, clusters.length(order_[k]));
        far = std::max(far, reach[at(order_[k])]);
      }
      shapes_.emplace_back(most, far);
      node_begin_.push_back(node_begin_.back() + at(most * kClusterLanes));
      factor_begin_.push_back(factor_begin_.back() + at(9 * most * (far + 1)) * kClusterLanes);
      nodes_.resize(node_begin_.back(), -1);
      for (std::size_t k = first; k < last; ++k)
        for (Index i = 0; i < clusters.length(order_[k]); ++i)
          nodes_[node_begin_[shapes_.size() - 1] + at(i) * kClusterLanes + (k - first)] =
              links.node(clusters.of(order_[k])[i]);
    }
  }

  /// Nodes of clusters that ranks share: their owners say which.
  void find_shared(const Halo& halo) {
    std::vector<double> clustered(halo.nodes().size(), 0.0);
    for (const Index node : nodes_) {
      const std::size_t place = halo.place(node);
      if (place < clustered.size() && halo.nodes()[place] == node) clustered[place] = 1;
    }
    halo.sum(1, clustered.data());
    Halo some = halo.only([&](Index node) { return clustered[halo.place(node)] > 0; });
    if (!some.nodes().empty()) shared_ = std::make_shared<const Halo>(std::move(some));
  }

  void factor(const ClusterStiffness& stiffness) {
    factors_ = Array<T>(factor_begin_.back());
    Index indefinite = 0;
#pragma omp parallel reduction(+ : indefinite)
    {
      ClusterWork work;
#pragma omp for schedule(dynamic)
      for (Index b = 0; b < n_batches(); ++b)
        if (!factor(stiffness, at(b), work)) ++indefinite;
    }
    require(indefinite == 0, "the stiffness is not positive definite on a cluster of nodes");
  }
  /// Factors of batch b; false if it is not positive definite.
  bool factor(const ClusterStiffness& stiffness, std::size_t b, ClusterWork& work) {
    const auto [n, reach] = shapes_[b];
    const std::size_t width = at(3 * (reach + 1)), size = at(3 * n) * width, stride = size + 1;
    work.bands.assign(kClusterLanes * stride, 0.0);
    work.values.resize(kClusterLanes * size);
    for (std::size_t lane = 0; lane < kClusterLanes; ++lane) {
      double* const band = work.bands.data() + lane * stride;
      const std::size_t k = b * kClusterLanes + lane;
      const Index length = k < order_.size() ? stiffness.length(order_[k]) : 0;
      for (std::size_t i = at(3 * length); i < at(3 * n); ++i)
        band[i * width + at(3 * reach) + i % 3] = 1;
      if (length > 0) stiffness.assemble(order_[k], reach, band);
    }
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t lane = 0; lane < kClusterLanes; ++lane)
        work.values[i * kClusterLanes + lane] = work.bands[lane * stride + i];
    const bool positive = kernels().setup.factor({n, reach, nullptr, work.values.data()}) == 1;
    std::copy(work.values.begin(), work.values.end(), factors_.data() + factor_begin_[b]);
    return positive;
  }

  std::vector<Index> order_;                     // clusters, batch by batch
  std::vector<std::pair<Index, Index>> shapes_;  // of each batch: nodes, reach
  std::vector<std::size_t> node_begin_, factor_begin_;
  std::vector<Index> nodes_;  // [batch][n][kClusterLanes]
  Array<T> factors_;          // [batch][3 n][3 (reach + 1)][kClusterLanes]
  std::shared_ptr<const Halo> shared_;
};

}  // namespace femcrust
