/// Fields at the vertices of listed elements on a device, in double (vertex_fields.hpp): strain of
/// a displacement, and nodal forces of a stress. The host sorts once by node where forces meet, so
/// that every sum has the order of the list.
#pragma once
#include <algorithm>
#include <vector>

#include "core/error.hpp"
#include "core/types.hpp"
#include "elements/tet10.hpp"

namespace femcrust {

/// Listed elements, in device memory: 97 bytes each, and 240 of scratch for forces. For faults and
/// sources; what fills the whole body goes by blocks.
struct DeviceElementList {
  Index n, n_nodes;            // elements; nodes where they meet
  const Index* elements;       // [10][n] their nodes
  const std::uint32_t* rows;   // [10][n] rows of `forces`, one node's side by side
  const Index* nodes;          // [n_nodes] ascending
  const std::uint32_t* begin;  // [n_nodes + 1] first row of each
  const double* vertices;      // [n_vertices][3] of the body, m
  double* forces;              // [10 n][3] scratch of the caller
};

/// The same on the host.
struct ElementListLayout {
  Index n;
  std::vector<Index> elements, nodes;
  std::vector<std::uint32_t> rows, begin{0};

  /// all: [·][10] of the body; listed: [n]
  ElementListLayout(const Index* all, const Index* listed, Index n_)
      : n(n_), elements(static_cast<std::size_t>(n_) * tet10::kNodes), rows(elements.size()) {
    require(elements.size() <= UINT32_MAX, "listed elements: more than 2³² / 10");
    std::vector<std::uint64_t> keys;  // node, then place in the list
    keys.reserve(elements.size());
    for (Index k = 0; k < n; ++k)
      for (int a = 0; a < tet10::kNodes; ++a) {
        const Index node =
            all[static_cast<std::size_t>(listed[k]) * tet10::kNodes + static_cast<std::size_t>(a)];
        elements[place(k, a)] = node;
        keys.push_back(static_cast<std::uint64_t>(node) << 32 | keys.size());
      }
    std::sort(keys.begin(), keys.end());
    for (std::uint32_t row = 0; row < keys.size(); ++row) {
      const auto node = static_cast<Index>(keys[row] >> 32);
      if (nodes.empty() || nodes.back() != node) {
        if (!nodes.empty()) begin.push_back(row);
        nodes.push_back(node);
      }
      const auto met = static_cast<std::uint32_t>(keys[row]);
      rows[place(static_cast<Index>(met / tet10::kNodes), static_cast<int>(met % tet10::kNodes))] =
          row;
    }
    if (!nodes.empty()) begin.push_back(static_cast<std::uint32_t>(keys.size()));
  }

  /// In device memory: `copied(data, count)` gives a copy that outlives the view.
  template <class Copied>
  DeviceElementList view(Copied copied, const double* vertices, double* forces) const {
    const auto of = [&](const auto& a) { return copied(a.data(), a.size()); };
    return {n,
            static_cast<Index>(nodes.size()),
            of(elements),
            of(rows),
            of(nodes),
            of(begin),
            vertices,
            forces};
  }

 private:
  std::size_t place(Index k, int a) const {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(n) + static_cast<std::size_t>(k);
  }
};

struct VertexFieldKernels {
  /// Strain of u [·][3] at the vertices; components xx, yy, zz, xy, xz, yz. out: [n][4][6]
  void (*strain)(const DeviceElementList& list, const double* u, double* out);
  /// f += ∫ Bᵀ σ dV of vertex stresses [n][4][6]; f: [·][3]
  void (*divergence)(const DeviceElementList& list, const double* stress, double* f);
};

namespace cuda {
extern const VertexFieldKernels vertex_field_kernels;
}
namespace emulated {
extern const VertexFieldKernels vertex_field_kernels;
}

}  // namespace femcrust
