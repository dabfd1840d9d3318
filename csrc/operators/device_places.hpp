/// One block of the device layout: its nodes in their order, and the place and rank of each node of
/// each element (ebe_device.hpp).
#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "core/meeting_table.hpp"
#include "elements/tet10.hpp"
#include "operators/ebe_device.hpp"

namespace femcrust {

/// What a block may hold: as many elements as threads, and nodes that fit shared memory beside
/// others. Blocks of a mesh that follows a space-filling curve stay below it; elsewhere blocks are
/// halved until they do.
struct DeviceLimits {
  int elements = 256, nodes = 704, vertices = 224;

  /// elements: 128, 256 or 512
  static constexpr DeviceLimits of(int elements) {
    return elements <= 128   ? DeviceLimits{elements, 448, 160}
           : elements <= 256 ? DeviceLimits{elements, 704, 224}
                             : DeviceLimits{elements, 1216, 352};
  }
};

/// Scratch of one thread that lays out blocks, and the block that it has just laid out.
class DevicePlaces {
 public:
  explicit DevicePlaces(const DeviceLimits& limits)
      : limits_(limits), table_(limits.elements * tet10::kNodes) {}

  /// Numbers the nodes of `n` elements; false if they are more than a block may hold.
  /// of: [n][10], vertices first and below n_vertices, mid-edges from there on
  bool number(const Index* of, int n, Index n_vertices) {
    table_.clear();
    count_.clear();
    met_.clear();
    for (int k = 0; k < n * tet10::kNodes; ++k) {
      const Index local = table_.number({of[k]});
      if (static_cast<std::size_t>(local) == count_.size()) count_.push_back(0);
      met_.push_back({local, count_[static_cast<std::size_t>(local)]++});
    }
    std::array<int, 2> many{}, deep{};  // of vertices, of mid-edges
    for (std::size_t k = 0; k < count_.size(); ++k) {
      const auto kind = static_cast<std::size_t>(table_.met()[k].number >= n_vertices);
      ++many[kind];
      deep[kind] = std::max(deep[kind], count_[k]);
    }
    if (static_cast<int>(count_.size()) > limits_.nodes || many[0] > limits_.vertices ||
        many[0] > DevicePlace::kMostVertices || many[1] > DevicePlace::kMostEdges ||
        deep[0] > kVertexRanks || deep[1] > kEdgeRanks)
      return false;
    n_vertices_ = many[0];
    sort(n_vertices);
    rank();
    return true;
  }

  int n_vertices() const { return n_vertices_; }
  const std::vector<std::uint32_t>& nodes() const { return nodes_; }  // their numbers
  const std::array<std::uint16_t, kRanks + 1>& ranks() const { return ranks_; }

  /// Place and rank of local node a of the k-th element.
  std::uint32_t packed(int k, int a) const {
    const Meeting m = met_[static_cast<std::size_t>(k * tet10::kNodes + a)];
    const int place = place_[static_cast<std::size_t>(m.node)] - (a < 4 ? 0 : n_vertices_);
    return DevicePlace::packed(a < 4 ? DevicePlace::kVertexBits : DevicePlace::kEdgeBits,
                               static_cast<unsigned>(place), static_cast<unsigned>(m.rank));
  }

 private:
  struct Node {
    Index number;
    bool operator==(const Node&) const = default;
    std::uint64_t bits() const { return static_cast<std::uint64_t>(number); }
  };
  struct Meeting {
    Index node;
    int rank;
  };

  /// Vertices first, then those of many elements, then by number.
  void sort(Index n_vertices) {
    constexpr int kLocalBits = 13, kNumberBits = 31;
    static_assert(1 << kLocalBits > 512 * tet10::kNodes);
    keys_.clear();
    for (std::size_t k = 0; k < count_.size(); ++k) {
      const auto number = static_cast<std::uint64_t>(table_.met()[k].number);
      const std::uint64_t edge = table_.met()[k].number >= n_vertices;
      const auto fewer = static_cast<std::uint64_t>(kVertexRanks - count_[k]);
      keys_.push_back(((edge << 8 | fewer) << kNumberBits | number) << kLocalBits | k);
    }
    std::sort(keys_.begin(), keys_.end());
    place_.resize(count_.size());
    nodes_.resize(count_.size());
    for (std::size_t k = 0; k < keys_.size(); ++k) {
      const auto local = static_cast<std::size_t>(keys_[k] & ((1u << kLocalBits) - 1));
      place_[local] = static_cast<int>(k);
      nodes_[k] = static_cast<std::uint32_t>(table_.met()[local].number);
    }
  }

  /// First slot of each rank: those of rank r stand at the places of the nodes with more than r
  /// elements, which come first.
  void rank() {
    std::array<int, kRanks + 1> width{};  // nodes with more than r elements
    for (std::size_t k = 0; k < count_.size(); ++k) {
      const int first = place_[k] < n_vertices_ ? 0 : kVertexRanks;
      for (int r = 0; r < count_[k]; ++r) ++width[static_cast<std::size_t>(first + r)];
    }
    int slot = 0;
    for (std::size_t r = 0; r <= kRanks; ++r) {
      ranks_[r] = static_cast<std::uint16_t>(slot);
      slot += width[r];
    }
  }

  DeviceLimits limits_;
  MeetingTable<Node> table_;
  std::vector<int> count_;    // [n_nodes] elements at each node, in the order of meeting
  std::vector<Meeting> met_;  // [n][10]
  std::vector<int> place_;    // [n_nodes]
  std::vector<std::uint32_t> nodes_;
  std::vector<std::uint64_t> keys_;
  std::array<std::uint16_t, kRanks + 1> ranks_{};
  int n_vertices_ = 0;
};

}  // namespace femcrust
