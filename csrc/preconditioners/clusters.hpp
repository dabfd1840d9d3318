/// z = C⁻¹ r on clusters of strongly coupled nodes: exact solves with the stiffness of a cluster in
/// place of the 3×3 blocks of its nodes, where cells are hard to smooth: lines across thin
/// layers, patches, stars.
///
/// C is the principal part of Q (K + S) Q on the cluster's nodes plus, at held nodes, multiples of
/// I − Q: positive definite as the whole is. S must not be left out: faces of flat cells couple as
/// strongly as the cells. The factors stay positive definite whatever the rounding, because L D Lᵀ
/// is for any L and D > 0.
#pragma once
#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "operators/stiffness.hpp"
#include "preconditioners/cluster_growth.hpp"
#include "preconditioners/cluster_kernels.hpp"
#include "preconditioners/indicator.hpp"

namespace femcrust {

template <class T>
class Clusters {
 public:
  Clusters() = default;
  Clusters(const Body& body, const Stiffness<T>& stiffness, ClusterShape shape) {
    require(shape.most <= kMostInCluster && shape.reach <= kMostReach, "clusters: too large");
    const ClusterGrowth growth(body, hard_elements(body), shape);
    if (growth.clusters().size() == 0) return;
    lay_out(growth);
    const Places places(body, growth.clusters());
    const Boundary boundary(stiffness, places);
    factors_ = Array<T>(factor_begin_.back());
    Index indefinite = 0;
#pragma omp parallel for schedule(dynamic) reduction(+ : indefinite)
    for (Index b = 0; b < n_batches(); ++b) {
      std::vector<double> values;
      if (!factor(body, growth.clusters(), places, boundary, b, values)) ++indefinite;
      for (std::size_t i = 0; i < values.size(); ++i)
        factors_[factor_begin_[at(b)] + i] = static_cast<T>(values[i]);
    }
    require(indefinite == 0, "the stiffness is not positive definite on a cluster of nodes");
  }

  bool empty() const { return shapes_.empty(); }
  std::size_t bytes() const { return factors_.bytes() + nodes_.size() * sizeof(Index); }
  std::size_t n_nodes() const {
    return static_cast<std::size_t>(
        std::count_if(nodes_.begin(), nodes_.end(), [](Index node) { return node >= 0; }));
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

  /// Zero in place of the 3×3 blocks of clustered nodes: z = D r then leaves them to `add`.
  void clear(Array<T>& inverse_diagonal) const {
    for (const Index node : nodes_)
      if (node >= 0)
        std::fill_n(inverse_diagonal.data() + 6 * static_cast<std::size_t>(node), 6, T(0));
  }

  /// d += gain C⁻¹ r, and x too unless it is null. Vectors are [n_nodes][3][width] in format F.
  template <class F>
  void add(const Cpu& cpu, int width, const typename F::Word* r, T gain, typename F::Word* d,
           typename F::Word* x) const {
    if (empty()) return;
    const auto kernel = kernels().add(F{}, width);
    cpu.for_ranges(n_batches(), 4, [&](Index first, Index last) {
      for (Index b = first; b < last; ++b) {
        const auto [n, reach] = shapes_[at(b)];
        kernel(
            {n, reach, nodes_.data() + node_begin_[at(b)], factors_.data() + factor_begin_[at(b)]},
            r, gain, d, x);
      }
    });
  }

 private:
  static std::size_t at(Index k) { return static_cast<std::size_t>(k); }
  Index n_batches() const { return static_cast<Index>(shapes_.size()); }
  static const ClusterKernels& kernels() { return FEMCRUST_FOR_THIS_CPU(cluster_kernels); }

  /// Where each node stands: its cluster, its place there, and the elements around it.
  struct Places {
    std::vector<Index> cluster, rank;  // [n_nodes], -1 outside clusters
    Lists elements;                    // that touch each cluster

    Places(const Body& body, const Lists& clusters)
        : cluster(at(body.n_nodes), -1), rank(at(body.n_nodes), -1) {
      for (Index c = 0; c < clusters.size(); ++c)
        for (Index k = 0; k < clusters.length(c); ++k) {
          cluster[at(clusters.of(c)[k])] = c;
          rank[at(clusters.of(c)[k])] = k;
        }
      elements.begin.assign(at(clusters.size()) + 1, 0);
      std::vector<Index> pairs;  // (cluster, element), each once
      for (Index e = 0; e < body.n_elements; ++e) {
        Index mine[tet10::kNodes];
        int n = 0;
        for (int a = 0; a < tet10::kNodes; ++a) {
          const Index c = cluster[at(body.element(e)[a])];
          if (c < 0 || std::find(mine, mine + n, c) != mine + n) continue;
          mine[n++] = c;
          ++elements.begin[at(c) + 1];
          pairs.push_back(c);
          pairs.push_back(e);
        }
      }
      std::partial_sum(elements.begin.begin(), elements.begin.end(), elements.begin.begin());
      elements.items.resize(pairs.size() / 2);
      std::vector<Index> next(elements.begin.begin(), elements.begin.end() - 1);
      for (std::size_t k = 0; k < pairs.size(); k += 2)
        elements.items[at(next[at(pairs[k])]++)] = pairs[k + 1];
    }
  };

  /// Clusters of like shape share a batch: sorted by reach and length, sixteen by sixteen.
  void lay_out(const ClusterGrowth& growth) {
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
              clusters.of(order_[k])[i];
    }
  }

  /// What boundaries do to clustered nodes: blocks of the surface part inside a cluster, and
  /// projectors onto what stays free, both sorted by node.
  struct Boundary {
    struct Block {
      Index node, other;
      std::array<double, 9> values;
    };
    std::vector<Block> surface, projectors;

    Boundary(const Stiffness<T>& stiffness, const Places& places) {
      const auto keep = [&](std::vector<Block>& list, Index node, Index other, const auto* from) {
        if (places.cluster[at(node)] < 0 || places.cluster[at(node)] != places.cluster[at(other)])
          return;
        list.push_back({node, other, {}});
        std::copy(from, from + 9, list.back().values.begin());
      };
      stiffness.surface().for_each(
          [&](Index row, Index column, const T* block) { keep(surface, row, column, block); });
      stiffness.constraints().for_each(
          [&](Index node, const double* q) { keep(projectors, node, node, q); });
      for (auto* list : {&surface, &projectors})
        std::stable_sort(list->begin(), list->end(),
                         [](const Block& a, const Block& b) { return a.node < b.node; });
    }
    template <class F>
    static void for_each(const std::vector<Block>& list, Index node, const F& f) {
      auto entry = std::lower_bound(list.begin(), list.end(), node,
                                    [](const Block& a, Index wanted) { return a.node < wanted; });
      for (; entry != list.end() && entry->node == node; ++entry)
        f(entry->other, entry->values.data());
    }
  };

  /// Lower 3×3 blocks of one cluster within a batch in double.
  struct Band {
    double* values;  // [3 n][3 (reach + 1)][kClusterLanes] at one lane
    Index reach;

    double& entry(Index row, int i, Index column, int j) const {
      return values[at((3 * row + i) * 3 * (reach + 1) + 3 * (column - row + reach) + j) *
                    kClusterLanes];
    }
    /// Block (row, column) ← Q B, or B Q with `right`.
    void project(Index row, Index column, const double* q, bool right) const {
      double old[9];
      for (int k = 0; k < 9; ++k) old[k] = entry(row, k / 3, column, k % 3);
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) {
          double sum = 0;
          for (int k = 0; k < 3; ++k)
            sum += right ? old[3 * i + k] * q[3 * k + j] : q[3 * i + k] * old[3 * k + j];
          entry(row, i, column, j) = sum;
        }
    }
  };

  /// C of cluster c: elements, surface, constraints.
  static void assemble(const Body& body, const Index* nodes, Index n, const Index* elements,
                       Index n_elements, Index c, const Places& places, const Boundary& boundary,
                       const Band& band) {
    for (Index l = 0; l < n_elements; ++l) {
      const Index e = elements[l];
      double g[3][3], gradients[tet10::kNodes][5][3], block[3][3];
      Index rank[tet10::kNodes];
      const double weight = body.gradients(e, g) / 20;
      int held = 0;
      for (int a = 0; a < tet10::kNodes; ++a) {
        const Index node = body.element(e)[a];
        if (places.cluster[at(node)] != c) continue;
        tet10::shape_gradients(a, g, gradients[held]);
        rank[held++] = places.rank[at(node)];
      }
      for (int i = 0; i < held; ++i)
        for (int j = 0; j < held; ++j) {
          if (rank[j] > rank[i]) continue;
          tet10::coupling_block(gradients[i], gradients[j], weight * body.lambda(e),
                                weight * body.shear(e), block);
          for (int k = 0; k < 9; ++k)
            band.entry(rank[i], k / 3, rank[j], k % 3) += block[k / 3][k % 3];
        }
    }
    for (Index i = 0; i < n; ++i)
      Boundary::for_each(boundary.surface, nodes[i], [&](Index other, const double* block) {
        const Index j = places.rank[at(other)];
        if (j > i) return;
        for (int k = 0; k < 9; ++k) band.entry(i, k / 3, j, k % 3) += block[k];
      });
    for (Index i = 0; i < n; ++i)
      Boundary::for_each(boundary.projectors, nodes[i], [&](Index, const double* q) {
        const double third =
            (band.entry(i, 0, i, 0) + band.entry(i, 1, i, 1) + band.entry(i, 2, i, 2)) / 3;
        for (Index j = std::max(0, i - band.reach); j <= i; ++j) band.project(i, j, q, false);
        for (Index j = i; j < std::min(n, i + band.reach + 1); ++j) band.project(j, i, q, true);
        for (int k = 0; k < 9; ++k)
          band.entry(i, k / 3, i, k % 3) += third * ((k % 4 == 0 ? 1.0 : 0.0) - q[k]);
      });
  }

  /// Factors of batch b in double; false if it is not positive definite.
  bool factor(const Body& body, const Lists& clusters, const Places& places,
              const Boundary& boundary, Index b, std::vector<double>& values) const {
    const auto [n, reach] = shapes_[at(b)];
    values.assign(factor_begin_[at(b) + 1] - factor_begin_[at(b)], 0.0);
    for (std::size_t lane = 0; lane < kClusterLanes; ++lane) {
      const Band band{values.data() + lane, reach};
      const std::size_t k = at(b) * kClusterLanes + lane;
      const Index c = k < order_.size() ? order_[k] : -1;
      for (Index i = c < 0 ? 0 : clusters.length(c); i < n; ++i)
        for (int d = 0; d < 3; ++d) band.entry(i, d, i, d) = 1;
      if (c < 0) continue;
      assemble(body, clusters.of(c), clusters.length(c), places.elements.of(c),
               places.elements.length(c), c, places, boundary, band);
    }
    return kernels().setup.factor({n, reach, nullptr, values.data()}) == 1;
  }

  std::vector<Index> order_;                     // clusters, batch by batch
  std::vector<std::pair<Index, Index>> shapes_;  // of each batch: nodes, reach
  std::vector<std::size_t> node_begin_, factor_begin_;
  std::vector<Index> nodes_;  // [batch][n][kClusterLanes]
  Array<T> factors_;          // [batch][3 n][3 (reach + 1)][kClusterLanes]
};

}  // namespace femcrust
