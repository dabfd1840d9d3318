/// What a level needs besides its matrix, on a device: inverse diagonal blocks.
#pragma once
#include "backends/vector_kernels.hpp"

namespace femcrust {

template <class T>
struct LevelTable {
  /// As a smoother takes them: xx, yy, zz, xy, xz, yz of blocks of 3, else [6][6]. [n][·]
  void (*inverse_diagonal)(const BlockRows<T>& a, Index n, int block, T* inverse);
};

struct LevelKernels {
  LevelTable<float> single;
  LevelTable<double> twofold;
};

namespace cuda {
extern const LevelKernels level_kernels;
}
namespace emulated {
extern const LevelKernels level_kernels;
}

}  // namespace femcrust
