/// Vertex sets found by their lowest vertex: one chain of entries at each vertex.
///
/// Elements follow a space-filling curve, so the chains that are walked lie in cache; sorting keys
/// of all sets costs ten times as much.
#pragma once
#include <atomic>
#include <vector>

#include "core/array.hpp"
#include "core/error.hpp"
#include "core/types.hpp"

namespace femcrust {

/// Numbers things in the order in which they are met; each hangs at one vertex.
class VertexChains {
 public:
  static constexpr Index kNone = -1;

  VertexChains() = default;
  VertexChains(Index n_vertices, std::size_t expected)
      : head_(static_cast<std::size_t>(n_vertices), kNone) {
    next_.reserve(expected);
  }

  Index size() const { return static_cast<Index>(next_.size()); }
  std::size_t bytes() const { return sizeof(Index) * (head_.size() + next_.size()); }

  /// The entry at `vertex` for which same(entry) holds, or kNone.
  template <class Same>
  Index find(Index vertex, const Same& same) const {
    Index at = head_[static_cast<std::size_t>(vertex)];
    while (at != kNone && !same(at)) at = next_[static_cast<std::size_t>(at)];
    return at;
  }

  /// A new entry, in front of its chain: what was met last is asked for next.
  Index add(Index vertex) {
    require(next_.size() < INT32_MAX, "more than 2³¹ edges or faces");
    const Index entry = size();
    next_.push_back(head_[static_cast<std::size_t>(vertex)]);
    head_[static_cast<std::size_t>(vertex)] = entry;
    return entry;
  }

 private:
  std::vector<Index> head_, next_;
};

/// Entries that have their numbers already, hung at vertices by many threads at once: which are in
/// a chain is sure, their order is not.
class ConcurrentChains {
 public:
  static constexpr Index kNone = VertexChains::kNone;

  ConcurrentChains() = default;
  ConcurrentChains(Index n_vertices, Index n_entries)
      : head_(static_cast<std::size_t>(n_vertices), kNone),
        next_(Array<Index>::unwritten(static_cast<std::size_t>(n_entries))) {}

  std::size_t bytes() const { return head_.bytes() + next_.bytes(); }

  void hang(Index entry, Index vertex) {
    const std::atomic_ref<Index> head(head_[static_cast<std::size_t>(vertex)]);
    next_[static_cast<std::size_t>(entry)] = head.exchange(entry, std::memory_order_relaxed);
  }

  template <class F>
  void for_each(Index vertex, const F& f) const {
    for (Index at = head_[static_cast<std::size_t>(vertex)]; at != kNone;
         at = next_[static_cast<std::size_t>(at)])
      f(at);
  }

  /// The entry at `vertex` for which same(entry) holds, or kNone.
  template <class Same>
  Index find(Index vertex, const Same& same) const {
    Index at = head_[static_cast<std::size_t>(vertex)];
    while (at != kNone && !same(at)) at = next_[static_cast<std::size_t>(at)];
    return at;
  }

 private:
  Array<Index> head_, next_;
};

}  // namespace femcrust
