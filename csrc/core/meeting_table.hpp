/// A small hash table: numbers keys in the order in which they are met.
///
/// Open addressing with multiplicative hashing. The keys of one block of elements fit the cache,
/// where sorting and bisecting them costs ten times as much.
#pragma once
#include <algorithm>
#include <vector>

#include "core/types.hpp"

namespace femcrust {

/// Key: comparable, with a member `std::uint64_t bits() const` that tells most keys apart.
template <class Key>
class MeetingTable {
 public:
  /// most: different keys that it will ever hold
  explicit MeetingTable(int most) {
    while ((1 << bits_) < most + most / 2) ++bits_;
    numbers_.assign(std::size_t{1} << bits_, kEmpty);
    met_.reserve(static_cast<std::size_t>(most));
  }

  void clear() {
    std::fill(numbers_.begin(), numbers_.end(), kEmpty);
    met_.clear();
  }

  /// The number of a key, a new one when it is met for the first time.
  Index number(const Key& key) {
    auto at = static_cast<std::size_t>((key.bits() * kGolden) >> (64 - bits_));
    while (numbers_[at] != kEmpty) {
      if (met_[static_cast<std::size_t>(numbers_[at])] == key) return numbers_[at];
      at = (at + 1) & (numbers_.size() - 1);
    }
    numbers_[at] = static_cast<Index>(met_.size());
    met_.push_back(key);
    return numbers_[at];
  }

  const std::vector<Key>& met() const { return met_; }

 private:
  static constexpr Index kEmpty = -1;
  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15u;  // 2⁶⁴ / golden ratio
  int bits_ = 4;
  std::vector<Index> numbers_;
  std::vector<Key> met_;
};

}  // namespace femcrust
