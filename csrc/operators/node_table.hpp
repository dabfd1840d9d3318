/// A small hash table: numbers nodes in the order in which they are met.
///
/// Open addressing with multiplicative hashing; it fits the first-level cache, where sorting and
/// bisecting a block's nodes cost ten times as much.
#pragma once
#include <algorithm>
#include <vector>

#include "core/types.hpp"

namespace femcrust {

class NodeTable {
 public:
  /// most: different nodes that it will ever hold
  explicit NodeTable(int most) {
    while ((1 << bits_) < most + most / 2) ++bits_;
    keys_.assign(std::size_t{1} << bits_, kEmpty);
    places_.resize(keys_.size());
    nodes_.reserve(static_cast<std::size_t>(most));
  }

  void clear() {
    std::fill(keys_.begin(), keys_.end(), kEmpty);
    nodes_.clear();
  }

  /// The number of a node, a new one when it is met for the first time.
  Index place(Index node) {
    const std::size_t mask = keys_.size() - 1;
    auto at =
        static_cast<std::size_t>((static_cast<std::uint32_t>(node) * kGolden) >> (32 - bits_));
    while (keys_[at] != node) {
      if (keys_[at] == kEmpty) {
        keys_[at] = node;
        places_[at] = static_cast<Index>(nodes_.size());
        nodes_.push_back(node);
        break;
      }
      at = (at + 1) & mask;
    }
    return places_[at];
  }

  const std::vector<Index>& nodes() const { return nodes_; }

 private:
  static constexpr Index kEmpty = -1;
  static constexpr std::uint32_t kGolden = 2654435769u;  // 2³² / golden ratio
  int bits_ = 4;
  std::vector<Index> keys_, places_, nodes_;
};

}  // namespace femcrust
