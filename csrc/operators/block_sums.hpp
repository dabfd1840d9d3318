/// Sums of element contributions at nodes: each block adds up its own in double, then the blocks
/// meet colour by colour in T. Threads never meet, and every sum has one order, whatever their
/// number.
#pragma once
#include <vector>

#include "core/array.hpp"
#include "operators/element_blocks.hpp"

namespace femcrust {

/// sums[n_nodes - first_node][C], for nodes from first_node on: `element(e, at)` adds its parts to
/// at(a), the C values of its local node a. Nodes of no element get zero.
template <int C, class T, class Element>
void sum_at_nodes(const ElementBlocks& blocks, Index first_node, T* sums, const Element& element) {
#pragma omp parallel
  {
    std::vector<double> scratch(C * static_cast<std::size_t>(blocks.most_nodes));
    for (int c = 0; c < blocks.n_colours(); ++c) {
      const Index begin = blocks.colour_begin[static_cast<std::size_t>(c)];
      const Index end = blocks.colour_begin[static_cast<std::size_t>(c) + 1];
#pragma omp for schedule(static)
      for (Index k = begin; k < end; ++k) {
        const Index block = blocks.order[static_cast<std::size_t>(k)];
        const auto b = static_cast<std::size_t>(block);
        const Index* const nodes = blocks.nodes.data() + blocks.node_begin[b];
        const auto count =
            static_cast<std::size_t>(blocks.node_begin[b + 1] - blocks.node_begin[b]);
        const auto set = static_cast<std::size_t>(blocks.set_end[b] - blocks.node_begin[b]);
        std::fill(scratch.begin(), scratch.begin() + static_cast<std::ptrdiff_t>(C * count), 0.0);
        const Index last = std::min(blocks.n_elements, (block + 1) * kBlock);
        for (Index e = block * kBlock; e < last; ++e) {
          const std::uint16_t* const local = blocks.local.data() + ElementBlocks::slot(e, 0);
          element(e, [&](int a) {
            return scratch.data() + C * static_cast<std::size_t>(local[a * kLanes]);
          });
        }
        for (std::size_t i = 0; i < count; ++i) {
          if (nodes[i] < first_node) continue;
          T* const to = sums + C * static_cast<std::size_t>(nodes[i] - first_node);
          const double* const from = scratch.data() + C * i;
          for (int j = 0; j < C; ++j)
            to[j] = static_cast<T>(i < set ? from[j] : static_cast<double>(to[j]) + from[j]);
        }
      }
    }
  }
  for (const Index node : blocks.untouched)
    if (node >= first_node)
      std::fill_n(sums + C * static_cast<std::size_t>(node - first_node), C, T(0));
}

}  // namespace femcrust
