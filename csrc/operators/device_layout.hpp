/// How a mesh is laid out for the element product on a device (ebe_device.hpp), made on the host.
#pragma once
#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "core/array.hpp"
#include "core/error.hpp"
#include "operators/device_places.hpp"

namespace femcrust {

struct DeviceLayout {
  Index n_nodes = 0, n_vertices = 0, n_elements = 0;
  int most_elements = 0, most_nodes = 0, most_vertices = 0, most_guests = 0;
  // As in DeviceBlocks:
  std::vector<DeviceBlock> blocks;
  std::vector<std::uint16_t> ranks;
  std::vector<Index> row_begin;
  Array<std::uint32_t> nodes, places, met;
  Array<std::uint16_t> guests;
  Array<Index> rows;

  /// elements: [n_elements][10], in an order where neighbours are near; nodes vertices first. Where
  /// given, `order` is the order of the blocks: [n_blocks] numbers in the order of their elements.
  DeviceLayout(const Index* elements, Index n_elements_, Index n_nodes_, Index n_vertices_,
               const DeviceLimits& limits = {}, const std::vector<Index>& order = {})
      : n_nodes(n_nodes_),
        n_vertices(n_vertices_),
        n_elements(n_elements_),
        places(Array<std::uint32_t>::unwritten(static_cast<std::size_t>(n_elements_) * 5)) {
    require(static_cast<std::uint32_t>(n_nodes) <= DeviceNode::kNumber,
            "device layout: more than 2³⁰ nodes");
    std::vector<Piece> pieces = number_blocks(elements, limits);
    if (!order.empty()) {
      require(order.size() == pieces.size(), "device layout: an order of other blocks");
      std::vector<Piece> sorted;
      for (const Index b : order) sorted.push_back(std::move(pieces[static_cast<std::size_t>(b)]));
      pieces = std::move(sorted);
    }
    join(pieces);
    find_owners();
    list_guests();
  }

  std::size_t bytes() const {
    return blocks.size() * sizeof(DeviceBlock) + ranks.size() * sizeof(ranks[0]) +
           row_begin.size() * sizeof(Index) + nodes.bytes() + places.bytes() + met.bytes() +
           guests.bytes() + rows.bytes();
  }

  /// The same in device memory: `copied(data, count)` gives a copy that outlives the view.
  template <class Copied>
  DeviceBlocks view(Copied copied) const {
    const auto of = [&](const auto& a) { return copied(a.data(), a.size()); };
    return {n_nodes,
            n_vertices,
            n_elements,
            static_cast<Index>(blocks.size()),
            static_cast<Index>(met.size()),
            static_cast<Index>(rows.size()),
            most_elements,
            most_nodes,
            most_vertices,
            most_guests,
            of(blocks),
            of(nodes),
            of(places),
            of(ranks),
            of(guests),
            of(met),
            of(rows),
            of(row_begin)};
  }

 private:
  /// One block, by itself.
  struct Piece {
    DeviceBlock head;
    std::vector<std::uint32_t> nodes;
    std::array<std::uint16_t, kRanks + 1> ranks;
  };

  /// Blocks of limits.elements, halved where they hold too much.
  std::vector<Piece> number_blocks(const Index* elements, const DeviceLimits& limits) {
    const Index n_tiles = (n_elements + limits.elements - 1) / limits.elements;
    std::vector<std::vector<Piece>> of_tile(static_cast<std::size_t>(n_tiles));
    bool vertices_first = true;
#pragma omp parallel reduction(&& : vertices_first)
    {
      DevicePlaces work(limits);
#pragma omp for schedule(static)
      for (Index tile = 0; tile < n_tiles; ++tile) {
        const Index first = tile * limits.elements;
        const int n = static_cast<int>(std::min<Index>(limits.elements, n_elements - first));
        for (int k = 0; k < n * tet10::kNodes; ++k) {
          const Index node = elements[static_cast<std::size_t>(first) * tet10::kNodes +
                                      static_cast<std::size_t>(k)];
          vertices_first = vertices_first && (node < n_vertices) == (k % tet10::kNodes < 4);
        }
        if (vertices_first)
          number(elements, first, n, work, of_tile[static_cast<std::size_t>(tile)]);
      }
    }
    require(vertices_first, "device layout: nodes are not numbered vertices first");
    std::vector<Piece> pieces;
    for (auto& tile : of_tile)
      for (Piece& piece : tile) pieces.push_back(std::move(piece));
    return pieces;
  }

  void number(const Index* elements, Index first, int n, DevicePlaces& work,
              std::vector<Piece>& pieces) {
    const Index* const of = elements + static_cast<std::size_t>(first) * tet10::kNodes;
    if (!work.number(of, n, n_vertices)) {
      number(elements, first, n / 2, work, pieces);
      number(elements, first + n / 2, n - n / 2, work, pieces);
      return;
    }
    for (int k = 0; k < n; ++k)
      for (int p = 0; p < 5; ++p)
        places[static_cast<std::size_t>(p) * static_cast<std::size_t>(n_elements) +
               static_cast<std::size_t>(first + k)] =
            work.packed(k, 2 * p) | work.packed(k, 2 * p + 1) << 16;
    const auto count = [](std::size_t m) { return static_cast<std::uint16_t>(m); };
    pieces.push_back({{0, 0, first, count(static_cast<std::size_t>(n)), count(work.nodes().size()),
                       count(static_cast<std::size_t>(work.n_vertices())), 0},
                      work.nodes(),
                      work.ranks()});
  }

  void join(const std::vector<Piece>& pieces) {
    std::uint64_t total = 0;
    for (const Piece& piece : pieces) {
      blocks.push_back(piece.head);
      blocks.back().first_node = total;
      total += piece.nodes.size();
      most_elements = std::max<int>(most_elements, piece.head.n_elements);
      most_nodes = std::max<int>(most_nodes, piece.head.n_nodes);
      most_vertices = std::max<int>(most_vertices, piece.head.n_vertices);
    }
    nodes = Array<std::uint32_t>::unwritten(total);
    ranks.resize(pieces.size() * (kRanks + 1));
#pragma omp parallel for schedule(static)
    for (std::size_t b = 0; b < pieces.size(); ++b) {
      std::copy(pieces[b].nodes.begin(), pieces[b].nodes.end(),
                nodes.data() + blocks[b].first_node);
      std::copy(pieces[b].ranks.begin(), pieces[b].ranks.end(), ranks.data() + b * (kRanks + 1));
    }
  }

  /// The first block at a node owns it. Threads meet at nodes; the outcome does not depend on how.
  void find_owners() {
    owner_ = Array<Index>(static_cast<std::size_t>(n_nodes), INT32_MAX);
    meeting_ = Array<Index>(static_cast<std::size_t>(n_nodes), 0);
#pragma omp parallel for schedule(static)
    for (std::size_t b = 0; b < blocks.size(); ++b)
      for (std::uint32_t* node = begin(b); node != begin(b) + blocks[b].n_nodes; ++node) {
        std::atomic_ref<Index>(meeting_[*node]).fetch_add(1, std::memory_order_relaxed);
        const std::atomic_ref<Index> owner(owner_[*node]);
        Index now = owner.load(std::memory_order_relaxed);
        while (now > static_cast<Index>(b) && !owner.compare_exchange_weak(now, Index(b))) {
        }
      }
#pragma omp parallel for schedule(static)
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      int n_guests = 0;
      for (std::uint32_t* node = begin(b); node != begin(b) + blocks[b].n_nodes; ++node) {
        const bool guest = owner_[*node] != static_cast<Index>(b), met = meeting_[*node] > 1;
        n_guests += guest ? 1 : 0;
        *node |= (guest ? DeviceNode::kGuest : 0) | (met ? DeviceNode::kMet : 0);
      }
      blocks[b].n_guests = static_cast<std::uint16_t>(n_guests);
    }
  }

  /// Nodes where blocks meet, those of most blocks first, then nodes of none; and for each the rows
  /// of its guests, rank by rank. A block's guests stand in the same order.
  void list_guests() {
    std::uint64_t total = 0;
    for (DeviceBlock& block : blocks) {
      block.first_part = total;
      total += block.n_guests;
    }
    require(total <= INT32_MAX, "device layout: more than 2³¹ nodes between blocks");
    sort_met();
    guests = Array<std::uint16_t>::unwritten(total);
    rows = Array<Index>::unwritten(total);
    std::vector<Index>& at = row_begin;
    Array<Index>& order = owner_;  // place of a node in `met`
    const auto n_met = static_cast<Index>(met.size());
#pragma omp parallel for schedule(static)
    for (Index k = 0; k < n_met; ++k) order[met[static_cast<std::size_t>(k)]] = k;
#pragma omp parallel
    {
      std::vector<std::pair<Index, std::uint16_t>> mine;  // place in `met`, place in the block
#pragma omp for schedule(static)
      for (std::size_t b = 0; b < blocks.size(); ++b) {
        mine.clear();
        for (std::uint16_t k = 0; k < blocks[b].n_nodes; ++k)
          if (begin(b)[k] & DeviceNode::kGuest)
            mine.emplace_back(order[begin(b)[k] & DeviceNode::kNumber], k);
        std::sort(mine.begin(), mine.end());
        for (std::size_t i = 0; i < mine.size(); ++i) {
          const std::size_t row = blocks[b].first_part + i;
          guests[row] = mine[i].second;
          const auto k = static_cast<std::size_t>(mine[i].first);
          const Index left =
              std::atomic_ref<Index>(meeting_[met[k]]).fetch_sub(1, std::memory_order_relaxed);
          rows[static_cast<std::size_t>(at[static_cast<std::size_t>(left - 2)]) + k] =
              static_cast<Index>(row);
        }
      }
      std::vector<Index> sorted;
#pragma omp for schedule(static)
      for (Index k = 0; k < n_met; ++k) {
        sorted.clear();
        const auto row = [&](std::size_t r) -> Index& {
          return rows[static_cast<std::size_t>(at[r] + k)];
        };
        for (std::size_t r = 0; r + 1 < at.size() && at[r] + k < at[r + 1]; ++r)
          sorted.push_back(row(r));
        std::sort(sorted.begin(), sorted.end());
        for (std::size_t r = 0; r < sorted.size(); ++r) row(r) = sorted[r];
      }
    }
    owner_ = {};
    meeting_ = {};
  }

  /// By a count of the nodes of m blocks, for each m: threads count and place ranges of nodes.
  void sort_met() {
    Index most = 1;
#pragma omp parallel for schedule(static) reduction(max : most)
    for (Index node = 0; node < n_nodes; ++node) most = std::max(most, meeting(node));
    most_guests = most - 1;
    const Index ranges = (n_nodes + kRange - 1) / kRange;
    const std::size_t kinds = static_cast<std::size_t>(most) + 1;
    std::vector<Index> counts(static_cast<std::size_t>(ranges) * kinds, 0);  // [ranges][m]
    each_node(ranges, [&](std::size_t range, Index node) {
      ++counts[range * kinds + static_cast<std::size_t>(meeting(node))];
    });
    std::vector<Index> of(kinds, 0);  // nodes of m blocks
    Index place = 0;
    for (std::size_t m = kinds; m-- > 0;) {
      if (m == 1) continue;
      for (std::size_t k = m; k < counts.size(); k += kinds) {
        of[m] += counts[k];
        counts[k] = std::exchange(place, place + counts[k]);  // from here on where its nodes go
      }
    }
    row_begin.assign(1, 0);
    Index width = place - of[0];
    for (std::size_t m = 2; m < kinds; width -= of[m++])
      row_begin.push_back(row_begin.back() + width);
    met = Array<std::uint32_t>::unwritten(static_cast<std::size_t>(place));
    each_node(ranges, [&](std::size_t range, Index node) {
      if (meeting(node) == 1) return;
      Index& next = counts[range * kinds + static_cast<std::size_t>(meeting(node))];
      met[static_cast<std::size_t>(next++)] = static_cast<std::uint32_t>(node);
    });
  }

  static constexpr Index kRange = 1 << 12;  // nodes
  Index meeting(Index node) const { return meeting_[static_cast<std::size_t>(node)]; }
  /// work(range, node), the nodes of a range in their order by one thread.
  template <class F>
  void each_node(Index ranges, const F& work) const {
#pragma omp parallel for schedule(static)
    for (Index range = 0; range < ranges; ++range)
      for (Index node = range * kRange; node < std::min(n_nodes, (range + 1) * kRange); ++node)
        work(static_cast<std::size_t>(range), node);
  }

  std::uint32_t* begin(std::size_t b) { return nodes.data() + blocks[b].first_node; }

  Array<Index> owner_, meeting_;  // [n_nodes], while this is made: first block, and how many
};

/// λ/120 and μ/120 in multiples of `unit`, for the volumes that the kernels leave out. [n][2]
template <class T>
Array<T> device_moduli(const double* lam, const double* mu, Index n, double unit) {
  auto moduli = Array<T>::unwritten(2 * static_cast<std::size_t>(n));
#pragma omp parallel for schedule(static)
  for (Index e = 0; e < n; ++e) {
    moduli[2 * static_cast<std::size_t>(e)] = static_cast<T>(lam[e] / (120 * unit));
    moduli[2 * static_cast<std::size_t>(e) + 1] = static_cast<T>(mu[e] / (120 * unit));
  }
  return moduli;
}

}  // namespace femcrust
