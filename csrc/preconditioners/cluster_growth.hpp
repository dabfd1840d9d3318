/// Nodes that are coupled strongly, gathered in clusters along the strongest links.
///
/// In thin layers clusters are lines across the layer, in needles patches across the needles, in
/// slivers stars.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "preconditioners/cluster_links.hpp"

namespace femcrust {

struct ClusterShape {
  double strength;  // links above it are strong
  Index most;       // nodes of one cluster
  Index reach;      // nodes of a cluster couple to at most the `reach` nodes before them
};

/// On well-shaped cells the median strength is 0.05; bands of 9 nodes hold the whole of an element;
/// lines through all of a stack of flat cells converge in two thirds of the iterations of halves.
constexpr ClusterShape kClusterShape{0.3, 128, 8};

class ClusterGrowth {
 public:
  ClusterGrowth(const ClusterLinks& links, ClusterShape shape)
      : links_(links),
        shape_(shape),
        owner_(at(links.size()), kFree),
        rank_(at(links.size())),
        seen_(at(links.size()), kFree),
        holds_(at(links.n_elements()), {kFree, 0}) {
    for (Index seed = 0; seed < links_.size(); ++seed)
      while (owner_[at(seed)] == kFree) grow_from(end_of_chain(seed));
  }

  /// Candidates of each cluster, in the order in which they joined.
  const Lists& clusters() const { return clusters_; }
  /// For each cluster, how far back couplings reach: at most `shape.reach`.
  const std::vector<Index>& reach() const { return reach_of_; }
  /// The cluster of a candidate, negative if it has none, and its place there.
  Index owner(Index k) const { return owner_[at(k)]; }
  Index rank(Index k) const { return rank_[at(k)]; }

 private:
  using Link = ClusterLinks::Link;
  static constexpr Index kFree = -1, kAlone = -2;
  static std::size_t at(Index k) { return static_cast<std::size_t>(k); }

  /// Candidates join the end of a cluster one by one, the strongest link first, as long as all
  /// that they couple to, weakly too, lies within reach.
  void grow_from(Index start) {
    const Index cluster = clusters_.size();
    ++attempt_;
    const auto first = static_cast<Index>(clusters_.items.size());
    Index count = 0, reach = 0;
    frontier_.assign(1, {start, 1.0F});
    while (!frontier_.empty() && count < shape_.most) {
      const auto best =
          std::max_element(frontier_.begin(), frontier_.end(), [](const Link& a, const Link& b) {
            return a.strength < b.strength || (a.strength == b.strength && a.to > b.to);
          });
      const Index k = best->to;
      *best = frontier_.back();
      frontier_.pop_back();
      if (owner_[at(k)] != kFree) continue;
      const Index back = count - first_coupled(k, count);
      if (back > shape_.reach) continue;
      reach = std::max(reach, back);
      join(k, cluster, count++);
    }
    if (count < 2) {
      owner_[at(start)] = kAlone;
      clusters_.items.resize(at(first));
      return;
    }
    clusters_.close();
    reach_of_.push_back(reach);
  }

  void join(Index k, Index cluster, Index rank) {
    owner_[at(k)] = cluster;
    rank_[at(k)] = rank;
    clusters_.items.push_back(k);
    const Lists& around = links_.around();
    for (Index l = 0; l < around.length(k); ++l) {
      auto& held = holds_[at(around.of(k)[l])];
      if (held.first != attempt_) held = {attempt_, rank};
    }
    links_.for_links(k, [&](const Link& link) {
      if (owner_[at(link.to)] == kFree) frontier_.push_back(link);
    });
  }

  /// Rank of the first member of the growing cluster that shares an element with candidate k.
  Index first_coupled(Index k, Index rank) const {
    const Lists& around = links_.around();
    for (Index l = 0; l < around.length(k); ++l) {
      const auto& held = holds_[at(around.of(k)[l])];
      if (held.first == attempt_) rank = std::min(rank, held.second);
    }
    return rank;
  }

  /// The last of the free nodes that a search over strong links from `seed` finds.
  Index end_of_chain(Index seed) {
    ++search_;
    queue_.assign(1, seed);
    seen_[at(seed)] = search_;
    for (std::size_t i = 0; i < queue_.size() && queue_.size() < at(2 * shape_.most); ++i)
      links_.for_links(queue_[i], [&](const Link& link) {
        if (owner_[at(link.to)] != kFree || seen_[at(link.to)] == search_) return;
        seen_[at(link.to)] = search_;
        queue_.push_back(link.to);
      });
    return queue_.back();
  }

  const ClusterLinks& links_;
  ClusterShape shape_;
  std::vector<Index> owner_, rank_, seen_;      // of each candidate
  std::vector<std::pair<Index, Index>> holds_;  // of each element: last attempt, its first rank
  std::vector<Index> queue_;
  std::vector<Link> frontier_;
  Index search_ = 0, attempt_ = 0;
  Lists clusters_;
  std::vector<Index> reach_of_;
};

}  // namespace femcrust
