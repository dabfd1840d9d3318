/// From sums over elements to inverse diagonal blocks on a device; see diagonal_blocks_cuda.hpp.
/// Blocks are xx, yy, zz, xy, xz, yz. [n_nodes][6]
#pragma once
#include "core/types.hpp"

namespace femcrust {

template <class T>
struct DiagonalTable {
  /// blocks[nodes[k]] += added[k], k < n; nodes differ. added: [n][6]
  void (*add)(Index n, const Index* nodes, const double* added, T* blocks);
  /// D ← Q D Q + (I − Q) tr(D)/3 with a projector [3][3] for each listed node.
  void (*hold)(Index n, const Index* nodes, const double* projectors, T* blocks);
  /// D ← 0 at the listed nodes that are not below 0.
  void (*clear)(Index n, const Index* nodes, T* blocks);
  /// D ← D⁻¹; returns how many are not positive definite. They stay as they are.
  Index (*invert)(Index n_nodes, T* blocks);
};

struct DiagonalKernels {
  DiagonalTable<float> single;
  DiagonalTable<double> twofold;
};

namespace cuda {
extern const DiagonalKernels diagonal_kernels;
}
namespace emulated {
extern const DiagonalKernels diagonal_kernels;
}

}  // namespace femcrust
