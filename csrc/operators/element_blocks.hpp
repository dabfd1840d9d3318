/// Elements in blocks: the unit of work of the matrix-free product.
///
/// Consecutive elements (they follow a space-filling curve) form blocks of kBlock; each block
/// gathers its nodes once into cache, works there, and writes each node once. Blocks of one colour
/// share no node, so threads never meet and every sum has one order, whatever their number.
///
/// Of a block's nodes come first those that no block of an earlier colour touches: the block *sets*
/// them, and adds to the others. So a product starts from y as it lies in memory.
///
/// Blocks with a node that another rank shares have the first colours: once those are done, sums at
/// the border may be sent while the inner blocks work.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/array.hpp"
#include "core/error.hpp"
#include "core/meeting_table.hpp"
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
  std::vector<Index> set_end;       // [n_blocks] into `nodes`
  Array<Index> nodes;               // global nodes of each block: those it sets, from node_begin to
                                    // set_end, then those it adds to; each part ascending
  Array<std::uint16_t> local;       // [n_blocks][kBatches][10][kLanes] into the block's nodes
  std::vector<Index> colour_begin;  // [n_colours + 1] into `order`
  int border_colours = 0;           // of blocks at the border of a rank
  std::vector<Index> order;         // blocks, colour by colour
  std::vector<Index> untouched;     // nodes of no element, ascending: a product leaves zero there

  int n_colours() const { return static_cast<int>(colour_begin.size()) - 1; }
  Index batches(Index block) const {
    const Index held = std::min<Index>(kBlock, n_elements - block * kBlock);
    return (held + kLanes - 1) / kLanes;
  }
  std::size_t bytes() const { return nodes.bytes() + local.bytes(); }

  /// elements: [n_elements][10];  shared: nodes that other ranks have too
  ElementBlocks(const Index* elements, Index n_elements_, Index n_nodes_,
                const std::vector<Index>& shared = {})
      : n_nodes(n_nodes_), n_elements(n_elements_), n_blocks((n_elements_ + kBlock - 1) / kBlock) {
    collect_nodes(elements);
    sort_nodes(colour(shared));
  }

  /// Place of (element, local node) in `local`, and of per-element values with a = component.
  static std::size_t slot(Index e, int a, int per_element = tet10::kNodes) {
    return (static_cast<std::size_t>(e / kLanes) * static_cast<std::size_t>(per_element) +
            static_cast<std::size_t>(a)) *
               kLanes +
           static_cast<std::size_t>(e % kLanes);
  }

 private:
  struct Node {
    Index number;
    bool operator==(const Node&) const = default;
    std::uint64_t bits() const { return static_cast<std::uint64_t>(number); }
  };

  /// Nodes of each block in the order in which its elements meet them.
  void collect_nodes(const Index* elements) {
    local = Array<std::uint16_t>(static_cast<std::size_t>(n_blocks) * kBlock * tet10::kNodes);
    std::vector<std::vector<Index>> of_block(static_cast<std::size_t>(n_blocks));
#pragma omp parallel
    {
      MeetingTable<Node> table(kBlock * tet10::kNodes);
#pragma omp for schedule(static)
      for (Index b = 0; b < n_blocks; ++b) {
        table.clear();
        const Index last = std::min(n_elements, (b + 1) * kBlock);
        for (Index e = b * kBlock; e < last; ++e)
          for (int a = 0; a < tet10::kNodes; ++a)
            local[slot(e, a)] = static_cast<std::uint16_t>(
                table.number({elements[static_cast<std::size_t>(e) * tet10::kNodes + a]}));
        auto& mine = of_block[static_cast<std::size_t>(b)];
        mine.reserve(table.met().size());
        for (const Node& node : table.met()) mine.push_back(node.number);
      }
    }
    std::int64_t total = 0;
    for (const auto& mine : of_block) total += static_cast<std::int64_t>(mine.size());
    require(total <= INT32_MAX, "element blocks: more than 2³¹ nodes, counted once a block");
    node_begin.assign(static_cast<std::size_t>(n_blocks) + 1, 0);
    for (std::size_t b = 0; b < of_block.size(); ++b) {
      node_begin[b + 1] = node_begin[b] + static_cast<Index>(of_block[b].size());
      most_nodes = std::max(most_nodes, static_cast<Index>(of_block[b].size()));
    }
    nodes = Array<Index>(static_cast<std::size_t>(total));
    for (std::size_t b = 0; b < of_block.size(); ++b)
      std::copy(of_block[b].begin(), of_block[b].end(), nodes.data() + node_begin[b]);
  }

  /// Greedy: each block takes the first colour that none of its nodes has seen. Returns the set of
  /// colours of each node.
  std::vector<std::uint64_t> colour(const std::vector<Index>& shared) {
    std::vector<std::uint64_t> seen(static_cast<std::size_t>(n_nodes), 0);
    std::vector<std::vector<Index>> blocks_of;
    const std::vector<Index> turns = border_first(shared);
    for (Index turn = 0; turn < n_blocks; ++turn) {
      const Index b = turns[static_cast<std::size_t>(turn)];
      if (turn == border_blocks_) border_colours = static_cast<int>(blocks_of.size());
      const auto block = static_cast<std::size_t>(b);
      std::uint64_t used = (1ULL << border_colours) - 1;
      for (Index k = node_begin[block]; k < node_begin[block + 1]; ++k)
        used |= seen[static_cast<std::size_t>(nodes[static_cast<std::size_t>(k)])];
      require(~used != 0, "element blocks: one node lies in more than 64 blocks");
      const auto free = static_cast<std::size_t>(__builtin_ctzll(~used));
      for (Index k = node_begin[block]; k < node_begin[block + 1]; ++k)
        seen[static_cast<std::size_t>(nodes[static_cast<std::size_t>(k)])] |= 1ULL << free;
      if (blocks_of.size() <= free) blocks_of.resize(free + 1);
      blocks_of[free].push_back(b);
    }
    if (border_blocks_ == n_blocks) border_colours = static_cast<int>(blocks_of.size());
    colour_begin.push_back(0);
    for (const auto& blocks : blocks_of) {
      order.insert(order.end(), blocks.begin(), blocks.end());
      colour_begin.push_back(static_cast<Index>(order.size()));
    }
    for (Index node = 0; node < n_nodes; ++node)
      if (seen[static_cast<std::size_t>(node)] == 0) untouched.push_back(node);
    return seen;
  }

  /// All blocks, those with a shared node first.
  std::vector<Index> border_first(const std::vector<Index>& shared) {
    std::vector<char> is_shared(shared.empty() ? 0 : static_cast<std::size_t>(n_nodes), 0);
    for (const Index node : shared) is_shared[static_cast<std::size_t>(node)] = 1;
    std::vector<Index> turns(static_cast<std::size_t>(n_blocks));
    std::iota(turns.begin(), turns.end(), 0);
    if (shared.empty()) return turns;
    const auto inner = std::stable_partition(turns.begin(), turns.end(), [&](Index b) {
      const auto block = static_cast<std::size_t>(b);
      return std::any_of(
          nodes.data() + node_begin[block], nodes.data() + node_begin[block + 1],
          [&](Index node) { return is_shared[static_cast<std::size_t>(node)] != 0; });
    });
    border_blocks_ = static_cast<Index>(inner - turns.begin());
    return turns;
  }

  /// Nodes whose first colour is the block's come first; both parts ascending; `local` follows.
  void sort_nodes(const std::vector<std::uint64_t>& seen) {
    set_end.assign(static_cast<std::size_t>(n_blocks), 0);
    for (int c = 0; c < n_colours(); ++c) {
      const Index first = colour_begin[static_cast<std::size_t>(c)];
      const Index last = colour_begin[static_cast<std::size_t>(c) + 1];
#pragma omp parallel
      {
        std::vector<std::uint64_t> keys;    // added to, node, old place
        std::vector<std::uint16_t> placed;  // new place of the old one
#pragma omp for schedule(static)
        for (Index k = first; k < last; ++k)
          sort_block(static_cast<std::size_t>(order[static_cast<std::size_t>(k)]), c, seen, keys,
                     placed);
      }
    }
  }

  void sort_block(std::size_t block, int colour, const std::vector<std::uint64_t>& seen,
                  std::vector<std::uint64_t>& keys, std::vector<std::uint16_t>& placed) {
    Index* const mine = nodes.data() + node_begin[block];
    const auto count = static_cast<std::size_t>(node_begin[block + 1] - node_begin[block]);
    keys.resize(count);
    placed.resize(count);
    Index set = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const bool first = __builtin_ctzll(seen[static_cast<std::size_t>(mine[k])]) == colour;
      set += first ? 1 : 0;
      keys[k] = (first ? 0ULL : 1ULL << 63) | static_cast<std::uint64_t>(mine[k]) << 16 | k;
    }
    set_end[block] = node_begin[block] + set;
    std::sort(keys.begin(), keys.end());
    for (std::size_t k = 0; k < count; ++k) {
      mine[k] = static_cast<Index>(keys[k] >> 16 & 0x7fffffff);
      placed[keys[k] & 0xffff] = static_cast<std::uint16_t>(k);
    }
    const std::size_t held = static_cast<std::size_t>(batches(static_cast<Index>(block))) *
                             static_cast<std::size_t>(kLanes * tet10::kNodes);
    std::uint16_t* const of = local.data() + block * kBlock * tet10::kNodes;
    for (std::size_t k = 0; k < held; ++k) of[k] = placed[of[k]];
  }

  Index border_blocks_ = 0;
};

}  // namespace femcrust
