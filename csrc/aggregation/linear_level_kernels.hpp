/// The linear level assembled on a device from the blocks of its edges; see linear_level_cuda.hpp.
#pragma once
#include "operators/nodal_kernels.hpp"

namespace femcrust {

/// Rows of 3×3 blocks under construction.
template <class T>
struct DeviceRows {
  Index n_rows;
  const Index* begin;    // [n_rows + 1]
  const Index* columns;  // ascending in each row
  T* blocks;             // [entries][3][3]
};

/// Directions that stay free at vertices.
struct DeviceHeld {
  const Index* of;           // [n_vertices] place among the projectors, -1 where all are free
  const double* projectors;  // [·][3][3]
};

/// Rows of 3×3 blocks on the vertices that are added: N/m.
struct DeviceSurface {
  Index n_rows;
  const Index *rows, *begin, *columns;
  const double* blocks;
};

template <class T>
struct LinearLevelTable {
  /// A row has the vertex itself and its neighbours. begin: [n_vertices + 1]; source: of each
  /// entry 2 edge, and 1 more where the edge's block is to be turned; -1 on the diagonal. Returns
  /// how many pairs of vertices share two edges.
  Index (*structure)(const EdgeGraph& edges, Index* begin, Index* columns, Index* source);
  /// K_ij from the edges, K_ii = −Σ_j K_ij. edge_blocks: [n_edges][3][3]
  void (*assemble)(const DeviceRows<T>& rows, const Index* source, const T* edge_blocks);
  /// K += S / unit; returns how many blocks of S have no place in K.
  Index (*add_surface)(const DeviceRows<T>& rows, const DeviceSurface& surface, double unit);
  /// of[nodes[k]] = k, and -1 elsewhere.
  void (*number_held)(Index n_held, const Index* nodes, Index n_vertices, Index* of);
  /// K ← Q K Q + (I − Q) tr(D)/3
  void (*constrain)(const DeviceRows<T>& rows, const DeviceHeld& held);
};

struct LinearLevelKernels {
  LinearLevelTable<float> single;
  LinearLevelTable<double> twofold;
};

namespace cuda {
extern const LinearLevelKernels linear_level_kernels;
}
namespace emulated {
extern const LinearLevelKernels linear_level_kernels;
}

}  // namespace femcrust
