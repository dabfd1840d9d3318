/// Elements in blocks: the unit of work of the matrix-free product.
///
/// Consecutive elements (they follow a space-filling curve) form blocks of kBlock; each block
/// gathers its nodes once into cache, works there, and adds each node once. Blocks of one colour
/// share no node, so threads never meet and every sum has one order, whatever their number.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/array.hpp"
#include "core/error.hpp"
#include "core/types.hpp"
#include "elements/tet10.hpp"

namespace femcrust {

constexpr int kLanes = 16;   // elements side by side in memory, whatever the machine's vectors
constexpr int kBlock = 512;  // elements; a block's nodes and sums fit the first-level cache
constexpr int kBatches = kBlock / kLanes;

struct ElementBlocks {
  Index n_nodes = 0, n_elements = 0, n_blocks = 0;
  Index most_nodes = 0;             // of any block
  std::vector<Index> node_begin;    // [n_blocks + 1] into `nodes`
  Array<Index> nodes;               // global nodes of each block, ascending
  Array<std::uint16_t> local;       // [n_blocks][kBatches][10][kLanes] into the block's nodes
  std::vector<Index> colour_begin;  // [n_colours + 1] into `order`
  std::vector<Index> order;         // blocks, colour by colour

  int n_colours() const { return static_cast<int>(colour_begin.size()) - 1; }
  Index batches(Index block) const {
    const Index held = std::min<Index>(kBlock, n_elements - block * kBlock);
    return (held + kLanes - 1) / kLanes;
  }
  std::size_t bytes() const { return nodes.bytes() + local.bytes(); }

  /// elements: [n_elements][10]
  ElementBlocks(const Index* elements, Index n_elements_, Index n_nodes_)
      : n_nodes(n_nodes_), n_elements(n_elements_), n_blocks((n_elements_ + kBlock - 1) / kBlock) {
    number_nodes(elements);
    colour();
  }

 private:
  void number_nodes(const Index* elements) {
    local = Array<std::uint16_t>(static_cast<std::size_t>(n_blocks) * kBlock * tet10::kNodes);
    node_begin.assign(static_cast<std::size_t>(n_blocks) + 1, 0);
    std::vector<std::vector<Index>> of_block(static_cast<std::size_t>(n_blocks));
#pragma omp parallel for schedule(dynamic)
    for (Index b = 0; b < n_blocks; ++b) {
      const Index first = b * kBlock, last = std::min(n_elements, first + kBlock);
      const Index* const begin = elements + static_cast<std::size_t>(first) * tet10::kNodes;
      const Index* const end = elements + static_cast<std::size_t>(last) * tet10::kNodes;
      std::vector<Index>& mine = of_block[static_cast<std::size_t>(b)];
      mine.assign(begin, end);
      std::sort(mine.begin(), mine.end());
      mine.erase(std::unique(mine.begin(), mine.end()), mine.end());
      for (Index e = first; e < last; ++e)
        for (int a = 0; a < tet10::kNodes; ++a) {
          const Index node = elements[static_cast<std::size_t>(e) * tet10::kNodes + a];
          const auto place = std::lower_bound(mine.begin(), mine.end(), node) - mine.begin();
          local[slot(e, a)] = static_cast<std::uint16_t>(place);
        }
    }
    for (std::size_t b = 0; b < of_block.size(); ++b) {
      node_begin[b + 1] = node_begin[b] + static_cast<Index>(of_block[b].size());
      most_nodes = std::max(most_nodes, static_cast<Index>(of_block[b].size()));
    }
    nodes = Array<Index>(static_cast<std::size_t>(node_begin.back()));
    for (std::size_t b = 0; b < of_block.size(); ++b)
      std::copy(of_block[b].begin(), of_block[b].end(), nodes.data() + node_begin[b]);
  }

  /// Greedy: each block takes the first colour that none of its nodes has seen.
  void colour() {
    std::vector<std::uint64_t> seen(static_cast<std::size_t>(n_nodes), 0);
    std::vector<std::vector<Index>> blocks_of;
    for (Index b = 0; b < n_blocks; ++b) {
      const auto block = static_cast<std::size_t>(b);
      std::uint64_t used = 0;
      for (Index k = node_begin[block]; k < node_begin[block + 1]; ++k)
        used |= seen[static_cast<std::size_t>(nodes[static_cast<std::size_t>(k)])];
      require(~used != 0, "element blocks: one node lies in more than 64 blocks");
      const auto free = static_cast<std::size_t>(__builtin_ctzll(~used));
      for (Index k = node_begin[block]; k < node_begin[block + 1]; ++k)
        seen[static_cast<std::size_t>(nodes[static_cast<std::size_t>(k)])] |= 1ULL << free;
      if (blocks_of.size() <= free) blocks_of.resize(free + 1);
      blocks_of[free].push_back(b);
    }
    colour_begin.push_back(0);
    for (const auto& blocks : blocks_of) {
      order.insert(order.end(), blocks.begin(), blocks.end());
      colour_begin.push_back(static_cast<Index>(order.size()));
    }
  }

 public:
  /// Place of (element, local node) in `local`, and of per-element values with a = component.
  static std::size_t slot(Index e, int a, int per_element = tet10::kNodes) {
    return (static_cast<std::size_t>(e / kLanes) * static_cast<std::size_t>(per_element) +
            static_cast<std::size_t>(a)) *
               kLanes +
           static_cast<std::size_t>(e % kLanes);
  }
};

}  // namespace femcrust
