/// Nodes that are coupled strongly, gathered in clusters along the strongest links.
///
/// The strength of a link is |m_ij| / √(m_ii m_jj) with m = Σ_e μ ∫ ∇N_i · ∇N_j dV, a third of the
/// trace of the μ-part of the 3×3 blocks. Only nodes of hard elements are looked at. In thin layers
/// clusters are lines across the layer, in needles patches across the needles, in slivers stars.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "operators/elastic_ebe.hpp"

namespace femcrust {

/// Lists of numbers, one after the other.
struct Lists {
  std::vector<Index> begin{0}, items;

  Index size() const { return static_cast<Index>(begin.size()) - 1; }
  const Index* of(Index k) const { return items.data() + begin[static_cast<std::size_t>(k)]; }
  Index length(Index k) const {
    return begin[static_cast<std::size_t>(k) + 1] - begin[static_cast<std::size_t>(k)];
  }
  void close() { begin.push_back(static_cast<Index>(items.size())); }
};

struct ClusterShape {
  double strength;  // links above it are strong
  Index most;       // nodes of one cluster
  Index reach;      // nodes of a cluster couple to at most the `reach` nodes before them
};

/// On well-shaped cells the median strength is 0.05; bands of 9 nodes hold the whole of an element.
constexpr ClusterShape kClusterShape{0.3, 32, 8};

class ClusterGrowth {
 public:
  ClusterGrowth(const Body& body, const std::vector<std::uint8_t>& hard, ClusterShape shape)
      : body_(body), shape_(shape), place_(static_cast<std::size_t>(body.n_nodes), kNone) {
    for (Index e = 0; e < body.n_elements; ++e) {
      if (!hard[static_cast<std::size_t>(e)]) continue;
      for (int a = 0; a < tet10::kNodes; ++a) place_[at(body.element(e)[a])] = 0;
    }
    for (Index node = 0; node < body.n_nodes; ++node) {
      if (place_[at(node)] == kNone) continue;
      place_[at(node)] = static_cast<Index>(nodes_.size());
      nodes_.push_back(node);
    }
    if (nodes_.empty()) return;
    list_elements();
    find_links();
    grow();
  }

  /// Nodes of each cluster, in the order in which they joined.
  const Lists& clusters() const { return clusters_; }
  /// For each cluster, how far back couplings reach: at most `shape.reach`.
  const std::vector<Index>& reach() const { return reach_of_; }

 private:
  static constexpr Index kNone = -1;
  static constexpr int kNodes = tet10::kNodes;
  struct Link {
    Index to;
    float strength;
  };

  static std::size_t at(Index k) { return static_cast<std::size_t>(k); }
  Index n() const { return static_cast<Index>(nodes_.size()); }

  /// Elements that hold candidates, and those of each candidate.
  void list_elements() {
    elements_.begin.assign(nodes_.size() + 1, 0);
    for (Index e = 0; e < body_.n_elements; ++e) {
      bool touched = false;
      for (int a = 0; a < kNodes; ++a) {
        const Index k = place_[at(body_.element(e)[a])];
        if (k == kNone) continue;
        ++elements_.begin[at(k) + 1];
        touched = true;
      }
      if (touched) touched_.push_back(e);
    }
    for (std::size_t k = 0; k < nodes_.size(); ++k) elements_.begin[k + 1] += elements_.begin[k];
    elements_.items.resize(at(elements_.begin.back()));
    std::vector<Index> next(elements_.begin.begin(), elements_.begin.end() - 1);
    for (std::size_t t = 0; t < touched_.size(); ++t)
      for (int a = 0; a < kNodes; ++a) {
        const Index k = place_[at(body_.element(touched_[t])[a])];
        if (k != kNone) elements_.items[at(next[at(k)]++)] = static_cast<Index>(t);
      }
  }

  /// m of an element: weights [10][10] times the products g_i · g_j.
  struct Weights {
    float of[kNodes][16][kNodes] = {};
    Weights() {
      double at_vertex[kNodes][4][4] = {}, total[kNodes][4] = {};  // ∇N_a = Σ_j c_j g_j
      for (int a = 0; a < kNodes; ++a)
        for (int i = 0; i < 4; ++i) {
          if (a < 4) {
            at_vertex[a][i][a] = i == a ? 3 : -1;
          } else {
            const int p = tet10::kEdgeEnds[a - 4][0], q = tet10::kEdgeEnds[a - 4][1];
            if (i == p) at_vertex[a][i][q] = 4;
            if (i == q) at_vertex[a][i][p] = 4;
          }
          for (int j = 0; j < 4; ++j) total[a][j] += at_vertex[a][i][j];
        }
      for (int a = 0; a < kNodes; ++a)
        for (int b = 0; b < kNodes; ++b)
          for (int j = 0; j < 4; ++j)
            for (int k = 0; k < 4; ++k) {
              double sum = total[a][j] * total[b][k];
              for (int i = 0; i < 4; ++i) sum += at_vertex[a][i][j] * at_vertex[b][i][k];
              of[a][4 * j + k][b] = static_cast<float>(sum);
            }
    }
  };

  void find_links() {
    std::vector<float> products(16 * touched_.size());  // μ V/20 g_i · g_j
    const auto n_touched = static_cast<Index>(touched_.size());
    // Strengths do not depend on the unit of μ V g²: one in which floats stay in range.
    double g0[3][3], scale = body_.gradients(touched_[0], g0) * body_.mu[touched_[0]];
    scale = 1 / (scale * std::inner_product(&g0[0][0], &g0[0][0] + 9, &g0[0][0], 0.0));
#pragma omp parallel for schedule(static)
    for (Index t = 0; t < n_touched; ++t) {
      const Index e = touched_[at(t)];
      double g[3][3], all[4][3];
      const double weight = scale * body_.gradients(e, g) / 20 * body_.mu[e];
      for (int k = 0; k < 3; ++k) {
        all[0][k] = -(g[0][k] + g[1][k] + g[2][k]);
        for (int j = 0; j < 3; ++j) all[j + 1][k] = g[j][k];
      }
      for (int j = 0; j < 4; ++j)
        for (int k = 0; k < 4; ++k)
          products[16 * at(t) + static_cast<std::size_t>(4 * j + k)] = static_cast<float>(
              weight * (all[j][0] * all[k][0] + all[j][1] * all[k][1] + all[j][2] * all[k][2]));
    }
    static const Weights weights;
    std::vector<float> diagonal(nodes_.size(), 0.0F);
    const auto row = [&](Index k, auto&& take) {
      const Index* const list = elements_.of(k);
      for (Index l = 0; l < elements_.length(k); ++l) {
        const Index* const of = body_.element(touched_[at(list[l])]);
        const int a = static_cast<int>(std::find(of, of + kNodes, nodes_[at(k)]) - of);
        const float* const p = products.data() + 16 * at(list[l]);
        float m[kNodes] = {};
        for (int i = 0; i < 16; ++i)
          for (int b = 0; b < kNodes; ++b) m[b] += weights.of[a][i][b] * p[i];
        take(of, a, m);
      }
    };
#pragma omp parallel for schedule(static)
    for (Index k = 0; k < n(); ++k)
      row(k, [&](const Index*, int a, const float* m) { diagonal[at(k)] += m[a]; });
    std::vector<std::vector<Link>> found(nodes_.size());
#pragma omp parallel
    {
      std::vector<Link> sums;
#pragma omp for schedule(static)
      for (Index k = 0; k < n(); ++k) {
        sums.clear();
        row(k, [&](const Index* of, int a, const float* m) {
          for (int b = 0; b < kNodes; ++b) {
            const Index to = place_[at(of[b])];
            if (b == a || to == kNone) continue;
            const auto seen = std::find_if(sums.begin(), sums.end(),
                                           [to](const Link& link) { return link.to == to; });
            if (seen == sums.end())
              sums.push_back({to, m[b]});
            else
              seen->strength += m[b];
          }
        });
        for (Link& link : sums)
          link.strength =
              std::abs(link.strength) / std::sqrt(diagonal[at(k)] * diagonal[at(link.to)]);
        std::copy_if(sums.begin(), sums.end(), std::back_inserter(found[at(k)]),
                     [&](const Link& link) { return link.strength > shape_.strength; });
      }
    }
    link_begin_.push_back(0);
    for (const auto& list : found) {
      links_.insert(links_.end(), list.begin(), list.end());
      link_begin_.push_back(static_cast<Index>(links_.size()));
    }
  }

  template <class F>
  void for_links(Index k, const F& f) const {
    for (Index l = link_begin_[at(k)]; l < link_begin_[at(k) + 1]; ++l) f(links_[at(l)]);
  }

  /// Candidates join the end of a cluster one by one, the strongest link first, as long as all
  /// that they couple to, weakly too, lies within reach. A cluster starts at an end of its chain.
  void grow() {
    owner_.assign(nodes_.size(), kNone);
    rank_.assign(nodes_.size(), 0);
    seen_.assign(nodes_.size(), kNone);
    std::vector<Index> members;
    std::vector<Link> frontier;
    for (Index seed = 0; seed < n(); ++seed) {
      if (owner_[at(seed)] != kNone) continue;
      const Index start = end_of_chain(seed);
      members.clear();
      frontier.assign(1, {start, 1.0F});
      Index reach = 0;
      const Index cluster = clusters_.size();
      while (!frontier.empty() && static_cast<Index>(members.size()) < shape_.most) {
        const auto best =
            std::max_element(frontier.begin(), frontier.end(), [](const Link& a, const Link& b) {
              return a.strength < b.strength || (a.strength == b.strength && a.to > b.to);
            });
        const Index k = best->to;
        *best = frontier.back();
        frontier.pop_back();
        if (owner_[at(k)] != kNone) continue;
        const auto rank = static_cast<Index>(members.size());
        const Index back = rank - first_coupled(k, cluster, rank);
        if (back > shape_.reach) continue;
        reach = std::max(reach, back);
        owner_[at(k)] = cluster;
        rank_[at(k)] = rank;
        members.push_back(k);
        for_links(k, [&](const Link& link) {
          if (owner_[at(link.to)] == kNone) frontier.push_back(link);
        });
      }
      if (members.size() < 2) {
        owner_[at(start)] = kDone;
        if (start != seed) --seed;  // its turn comes again
        continue;
      }
      for (const Index k : members) clusters_.items.push_back(nodes_[at(k)]);
      clusters_.close();
      reach_of_.push_back(reach);
      if (owner_[at(seed)] == kNone) --seed;
    }
  }

  /// The last of the free nodes that a search over strong links from `seed` finds.
  Index end_of_chain(Index seed) {
    ++search_;
    queue_.assign(1, seed);
    seen_[at(seed)] = search_;
    for (std::size_t i = 0; i < queue_.size() && queue_.size() < at(4 * shape_.most); ++i)
      for_links(queue_[i], [&](const Link& link) {
        if (owner_[at(link.to)] != kNone || seen_[at(link.to)] == search_) return;
        seen_[at(link.to)] = search_;
        queue_.push_back(link.to);
      });
    return queue_.back();
  }

  /// Rank of the first member of `cluster` that shares an element with candidate k.
  Index first_coupled(Index k, Index cluster, Index rank) const {
    Index first = rank;
    for (Index l = 0; l < elements_.length(k); ++l) {
      const Index* const of = body_.element(touched_[at(elements_.of(k)[l])]);
      for (int a = 0; a < kNodes; ++a) {
        const Index other = place_[at(of[a])];
        if (other != kNone && owner_[at(other)] == cluster)
          first = std::min(first, rank_[at(other)]);
      }
    }
    return first;
  }

  static constexpr Index kDone = -2;

  const Body& body_;
  ClusterShape shape_;
  std::vector<Index> place_;    // [n_nodes] among the candidates, or none
  std::vector<Index> nodes_;    // candidates, ascending
  std::vector<Index> touched_;  // elements that hold candidates
  Lists elements_;              // of each candidate, into touched_
  std::vector<Index> link_begin_;
  std::vector<Link> links_;
  std::vector<Index> owner_, rank_, seen_, queue_;
  Index search_ = 0;
  Lists clusters_;
  std::vector<Index> reach_of_;
};

}  // namespace femcrust
