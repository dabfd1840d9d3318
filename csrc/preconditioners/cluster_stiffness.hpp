/// The stiffness C of one cluster of nodes, as a band of 3×3 blocks.
///
/// C is the principal part of Q (K + S) Q on the cluster's nodes plus, at held nodes, multiples of
/// I − Q: positive definite as the whole is. S must not be left out: faces of flat cells couple as
/// strongly as the cells.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "operators/body.hpp"
#include "operators/constraints.hpp"
#include "operators/surface_rows.hpp"
#include "preconditioners/cluster_growth.hpp"
#include "preconditioners/cluster_kernels.hpp"

namespace femcrust {

class ClusterStiffness {
 public:
  ClusterStiffness(const Body& body, const SurfaceRows& surface, const Constraints& constraints,
                   const ClusterLinks& links, const ClusterGrowth& growth)
      : body_(body), links_(links), growth_(growth) {
    share_out();
    surface_ = sorted([&](const auto& keep) { surface.for_each(keep); });
    projectors_ = sorted([&](const auto& keep) {
      constraints.for_each([&](Index node, const double* q) { keep(node, node, q); });
    });
  }

  Index length(Index c) const { return growth_.clusters().length(c); }

  /// Adds C of cluster c to its band [3 n][3 (reach + 1)], and one number more.
  void assemble(Index c, Index reach, double* values) const {
    add_elements(c, reach, values);
    const Band band{values, reach};
    surface_.for_each(c, [&](Index i, Index j, const double* block) {
      if (j > i) return;
      for (int k = 0; k < 9; ++k) band.entry(i, k / 3, j, k % 3) += block[k] / body_.unit;
    });
    const Index n = length(c);
    projectors_.for_each(c, [&](Index i, Index, const double* q) {
      const double third =
          (band.entry(i, 0, i, 0) + band.entry(i, 1, i, 1) + band.entry(i, 2, i, 2)) / 3;
      for (Index j = std::max(0, i - reach); j <= i; ++j) band.project(i, j, q, false);
      for (Index j = i; j < std::min(n, i + reach + 1); ++j) band.project(j, i, q, true);
      for (int k = 0; k < 9; ++k)
        band.entry(i, k / 3, i, k % 3) += third * ((k % 4 == 0 ? 1.0 : 0.0) - q[k]);
    });
  }

 private:
  static std::size_t at(Index k) { return static_cast<std::size_t>(k); }

  /// Given 3×3 blocks that join nodes of one cluster, cluster after cluster.
  struct Blocks {
    struct Entry {
      Index row, column;  // ranks
      const double* block;
    };
    std::vector<Index> begin;  // [clusters + 1]
    std::vector<Entry> entries;

    template <class F>
    void for_each(Index c, const F& f) const {
      for (Index k = begin[at(c)]; k < begin[at(c) + 1]; ++k)
        f(entries[at(k)].row, entries[at(k)].column, entries[at(k)].block);
    }
  };

  /// all(keep) calls keep(node, other, block) for every block.
  template <class F>
  Blocks sorted(const F& all) const {
    Blocks out;
    std::vector<Index> owners;
    std::vector<Blocks::Entry> found;
    all([&](Index node, Index other, const double* block) {
      const Index i = links_.candidate(node), j = links_.candidate(other);
      if (i < 0 || j < 0 || growth_.owner(i) < 0 || growth_.owner(i) != growth_.owner(j)) return;
      owners.push_back(growth_.owner(i));
      found.push_back({growth_.rank(i), growth_.rank(j), block});
    });
    out.begin.assign(at(growth_.clusters().size()) + 1, 0);
    for (const Index c : owners) ++out.begin[at(c) + 1];
    std::partial_sum(out.begin.begin(), out.begin.end(), out.begin.begin());
    out.entries.resize(found.size());
    std::vector<Index> next(out.begin.begin(), out.begin.end() - 1);
    for (std::size_t k = 0; k < found.size(); ++k)
      out.entries[at(next[at(owners[k])]++)] = found[k];
    return out;
  }

  /// The lower 3×3 blocks of one cluster.
  struct Band {
    double* values;  // [3 n][3 (reach + 1)]
    Index reach;

    double& entry(Index row, int i, Index column, int j) const {
      return values[at((3 * row + i) * 3 * (reach + 1) + 3 * (column - row + reach) + j)];
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

  /// Nodes of one element in one cluster, as bits.
  struct Share {
    Index element;
    std::uint16_t nodes;
  };

  /// Elements of each cluster.
  void share_out() {
    std::vector<Index> owners;
    std::vector<Share> found;
    share_begin_.assign(at(growth_.clusters().size()) + 1, 0);
    for (Index t = 0; t < links_.n_elements(); ++t) {
      const std::size_t first = owners.size();
      for (int a = 0; a < tet10::kNodes; ++a) {
        const Index member = links_.members(t)[a];
        const Index owner = member < 0 ? -1 : growth_.owner(member);
        if (owner < 0) continue;
        std::size_t k = first;
        while (k < owners.size() && owners[k] != owner) ++k;
        if (k == owners.size()) {
          owners.push_back(owner);
          found.push_back({t, 0});
          ++share_begin_[at(owner) + 1];
        }
        found[k].nodes = static_cast<std::uint16_t>(found[k].nodes | 1U << a);
      }
    }
    std::partial_sum(share_begin_.begin(), share_begin_.end(), share_begin_.begin());
    shares_.resize(found.size());
    std::vector<Index> next(share_begin_.begin(), share_begin_.end() - 1);
    for (std::size_t k = 0; k < found.size(); ++k) shares_[at(next[at(owners[k])]++)] = found[k];
  }

  void add_elements(Index c, Index reach, double* values) const {
    const auto add = FEMCRUST_FOR_THIS_CPU(cluster_kernels).setup.add_element;
    for (Index k = share_begin_[at(c)]; k < share_begin_[at(c) + 1]; ++k) {
      const auto [t, nodes] = shares_[at(k)];
      const Index e = links_.element(t);
      ClusterElement element;
      double g[3][3];
      const double weight = body_.gradients(e, g) / 20;
      element.lambda = weight * body_.lambda(e);
      element.shear = weight * body_.shear(e);
      element.held = 0;
      for (int a = 0; a < tet10::kNodes; ++a) {
        if ((nodes >> a & 1) == 0) continue;
        tet10::shape_gradients(a, g, element.gradients[element.held]);
        element.rank[element.held++] = growth_.rank(links_.members(t)[a]);
      }
      add(element, reach, values);
    }
  }

  const Body& body_;
  const ClusterLinks& links_;
  const ClusterGrowth& growth_;
  std::vector<Index> share_begin_;  // [clusters + 1]
  std::vector<Share> shares_;
  Blocks surface_, projectors_;
};

}  // namespace femcrust
