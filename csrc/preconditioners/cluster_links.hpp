/// Which nodes of hard elements are coupled strongly.
///
/// The strength of a link is |m_ij| / √(m_ii m_jj) with m = Σ_e μ ∫ ∇N_i · ∇N_j dV, a third of the
/// trace of the μ-part of the 3×3 blocks. Most couplings are weak, and an element that gives little
/// is left out of the sum of a link.
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

/// Candidates are the nodes of hard elements, numbered in ascending order, and what is around them.
class ClusterLinks {
 public:
  static constexpr Index kNone = -1;
  static constexpr int kNodes = tet10::kNodes;
  struct Link {
    Index to;  // a candidate
    float strength;
  };

  /// elsewhere: nodes that are left to other ranks
  ClusterLinks(const Body& body, const std::vector<std::uint8_t>& hard,
               const std::vector<Index>& elsewhere, double threshold) {
    find_candidates(body, hard, elsewhere);
    if (nodes_.empty()) return;
    find_links(body, static_cast<float>(threshold));
  }

  /// Number of candidates, and the node of each.
  Index size() const { return static_cast<Index>(nodes_.size()); }
  Index node(Index k) const { return nodes_[at(k)]; }
  /// The candidate at a node, or kNone.
  Index candidate(Index node) const { return nodes_.empty() ? kNone : place_[at(node)]; }

  /// Elements around candidate k, numbers into those that hold candidates.
  const Lists& around() const { return around_; }
  Index n_elements() const { return static_cast<Index>(elements_.size()); }
  Index element(Index t) const { return elements_[at(t)]; }
  /// The candidates among an element's nodes, kNone elsewhere. [10]
  const Index* members(Index t) const { return members_.data() + kNodes * at(t); }

  template <class F>
  void for_links(Index k, const F& f) const {
    for (Index l = link_begin_[at(k)]; l < link_begin_[at(k) + 1]; ++l) f(links_[at(l)]);
  }

 private:
  // What an element must give, in parts of the threshold; a quarter costs bad bodies two
  // iterations.
  static constexpr float kLeastPart = 0.125F;
  static constexpr int kProducts = 10;  // g_i · g_j with i <= j
  static constexpr int kPairs = 45;     // of two nodes
  static std::size_t at(Index k) { return static_cast<std::size_t>(k); }

  struct Pair {
    Index a, b;
    float part;
  };

  void find_candidates(const Body& body, const std::vector<std::uint8_t>& hard,
                       const std::vector<Index>& elsewhere) {
    place_.assign(at(body.n_nodes), kNone);
    for (Index e = 0; e < body.n_elements; ++e) {
      if (!hard[at(e)]) continue;
      for (int a = 0; a < kNodes; ++a) place_[at(body.element(e)[a])] = 0;
    }
    for (const Index node : elsewhere) place_[at(node)] = kNone;
    for (Index node = 0; node < body.n_nodes; ++node) {
      if (place_[at(node)] == kNone) continue;
      place_[at(node)] = size();
      nodes_.push_back(node);
    }
    if (nodes_.empty()) return;
    around_.begin.assign(nodes_.size() + 1, 0);
    for (Index e = 0; e < body.n_elements; ++e) {
      Index of[kNodes];
      bool touched = false;
      for (int a = 0; a < kNodes; ++a) {
        of[a] = place_[at(body.element(e)[a])];
        if (of[a] == kNone) continue;
        ++around_.begin[at(of[a]) + 1];
        touched = true;
      }
      if (!touched) continue;
      elements_.push_back(e);
      members_.insert(members_.end(), of, of + kNodes);
    }
    std::partial_sum(around_.begin.begin(), around_.begin.end(), around_.begin.begin());
    around_.items.resize(at(around_.begin.back()));
    std::vector<Index> next(around_.begin.begin(), around_.begin.end() - 1);
    for (Index t = 0; t < n_elements(); ++t)
      for (int a = 0; a < kNodes; ++a)
        if (members(t)[a] != kNone) around_.items[at(next[at(members(t)[a])]++)] = t;
  }

  /// m of an element: weights times the products g_i · g_j, of pairs a < b and of single nodes.
  struct Weights {
    float pairs[kProducts][48] = {}, diagonal[kProducts][kNodes] = {};
    int ends[kPairs][2];

    Weights() {
      double at_vertex[kNodes][4][4] = {}, total[kNodes][4] = {};  // ∇N_a = Σ_j c_j g_j
      for (int a = 0; a < kNodes; ++a)
        for (int i = 0; i < 4; ++i) {
          if (a < 4) {
            at_vertex[a][i][a] = i == a ? 3 : -1;
          } else {
            const int p = tet10::edge_end(a - 4, 0), q = tet10::edge_end(a - 4, 1);
            if (i == p) at_vertex[a][i][q] = 4;
            if (i == q) at_vertex[a][i][p] = 4;
          }
          for (int j = 0; j < 4; ++j) total[a][j] += at_vertex[a][i][j];
        }
      for (int a = 0, pair = 0; a < kNodes; ++a)
        for (int b = a; b < kNodes; ++b) {
          for (int j = 0; j < 4; ++j)
            for (int k = 0; k < 4; ++k) {
              double sum = total[a][j] * total[b][k];
              for (int i = 0; i < 4; ++i) sum += at_vertex[a][i][j] * at_vertex[b][i][k];
              (a == b ? diagonal[product(j, k)][a] : pairs[product(j, k)][pair]) +=
                  static_cast<float>(sum);
            }
          if (a == b) continue;
          ends[pair][0] = a;
          ends[pair++][1] = b;
        }
    }
    static int product(int j, int k) {
      const int low = std::min(j, k), high = std::max(j, k);
      return low * (7 - low) / 2 + high;
    }
  };

  void find_links(const Body& body, float threshold) {
    static const Weights weights;
    const std::vector<float> products = gradient_products(body);
    std::vector<float> scale(nodes_.size(), 0.0F);  // 1 / √m_ii
    for (Index t = 0; t < n_elements(); ++t) {
      float m[kNodes] = {};
      for (int i = 0; i < kProducts; ++i)
        for (int a = 0; a < kNodes; ++a)
          m[a] +=
              weights.diagonal[i][a] * products[kProducts * at(t) + static_cast<std::size_t>(i)];
      for (int a = 0; a < kNodes; ++a)
        if (members(t)[a] != kNone) scale[at(members(t)[a])] += m[a];
    }
    for (float& s : scale) s = 1 / std::sqrt(s);
    constexpr Index kPiece = 1024;
    std::vector<std::vector<Pair>> pieces(at((n_elements() + kPiece - 1) / kPiece));
#pragma omp parallel for schedule(static)
    for (std::size_t p = 0; p < pieces.size(); ++p) {
      const Index first = static_cast<Index>(p) * kPiece;
      for (Index t = first; t < std::min(n_elements(), first + kPiece); ++t) {
        float m[48] = {}, s[kNodes];
        for (int i = 0; i < kProducts; ++i)
          for (int k = 0; k < 48; ++k)
            m[k] += weights.pairs[i][k] * products[kProducts * at(t) + static_cast<std::size_t>(i)];
        const Index* const of = members(t);
        for (int a = 0; a < kNodes; ++a) s[a] = of[a] == kNone ? 0.0F : scale[at(of[a])];
        for (int k = 0; k < kPairs; ++k) {
          const int a = weights.ends[k][0], b = weights.ends[k][1];
          const float part = m[k] * s[a] * s[b];
          if (std::abs(part) > kLeastPart * threshold)
            pieces[p].push_back({std::min(of[a], of[b]), std::max(of[a], of[b]), part});
        }
      }
    }
    sum_links(pieces, threshold);
  }

  /// μ V/20 g_i · g_j of each element that holds candidates. [n_elements][kProducts]
  std::vector<float> gradient_products(const Body& body) const {
    std::vector<float> products(kProducts * elements_.size());
    // Strengths do not depend on the unit of μ V g²: one in which floats stay in range.
    double g0[3][3], scale = body.gradients(elements_[0], g0) * body.mu[elements_[0]];
    scale = 1 / (scale * std::inner_product(&g0[0][0], &g0[0][0] + 9, &g0[0][0], 0.0));
#pragma omp parallel for schedule(static)
    for (Index t = 0; t < n_elements(); ++t) {
      const Index e = elements_[at(t)];
      double g[3][3], all[4][3];
      const double weight = scale * body.gradients(e, g) / 20 * body.mu[e];
      for (int k = 0; k < 3; ++k) {
        all[0][k] = -(g[0][k] + g[1][k] + g[2][k]);
        for (int j = 0; j < 3; ++j) all[j + 1][k] = g[j][k];
      }
      float* out = products.data() + kProducts * at(t);
      for (int j = 0; j < 4; ++j)
        for (int k = j; k < 4; ++k)
          *out++ = static_cast<float>(
              weight * (all[j][0] * all[k][0] + all[j][1] * all[k][1] + all[j][2] * all[k][2]));
    }
    return products;
  }

  /// Adds up what elements give to each pair and keeps the strong ones, in both directions.
  void sum_links(const std::vector<std::vector<Pair>>& pieces, float threshold) {
    std::vector<Index> begin(nodes_.size() + 1, 0), used(nodes_.size(), 0);
    for (const auto& piece : pieces)
      for (const Pair& pair : piece) ++begin[at(pair.a) + 1];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<Link> sums(at(begin.back()));
    for (const auto& piece : pieces)
      for (const Pair& pair : piece) {
        Link* const first = sums.data() + begin[at(pair.a)];
        Link* const last = first + used[at(pair.a)];
        Link* const seen =
            std::find_if(first, last, [&](const Link& link) { return link.to == pair.b; });
        if (seen == last) {
          *last = {pair.b, pair.part};
          ++used[at(pair.a)];
        } else {
          seen->strength += pair.part;
        }
      }
    const auto for_strong = [&](const auto& f) {
      for (Index a = 0; a < size(); ++a)
        for (Index l = begin[at(a)]; l < begin[at(a)] + used[at(a)]; ++l) {
          const float strength = std::abs(sums[at(l)].strength);
          if (strength > threshold) f(a, sums[at(l)].to, strength);
        }
    };
    link_begin_.assign(nodes_.size() + 1, 0);
    for_strong([&](Index a, Index b, float) {
      ++link_begin_[at(a) + 1];
      ++link_begin_[at(b) + 1];
    });
    std::partial_sum(link_begin_.begin(), link_begin_.end(), link_begin_.begin());
    links_.resize(at(link_begin_.back()));
    std::vector<Index> next(link_begin_.begin(), link_begin_.end() - 1);
    for_strong([&](Index a, Index b, float strength) {
      links_[at(next[at(a)]++)] = {b, strength};
      links_[at(next[at(b)]++)] = {a, strength};
    });
  }

  std::vector<Index> place_;     // [n_nodes]
  std::vector<Index> nodes_;     // candidates, ascending
  std::vector<Index> elements_;  // that hold candidates, ascending
  std::vector<Index> members_;   // [n_elements][10]
  Lists around_;
  std::vector<Index> link_begin_;
  std::vector<Link> links_;
};

}  // namespace femcrust
