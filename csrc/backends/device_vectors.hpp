/// Launchers of the vector kernels of a device: those of the CPU, over whole ranges, and what the
/// CPU does without kernels.
#pragma once
#include "backends/vector_kernels.hpp"

namespace femcrust {

/// Coefficients, sums and columns lie on the host, vectors and matrices on the device; a launcher
/// that returns sums waits for them.
template <class T>
struct DeviceVectorTable : VectorTable<T> {
  /// y's column k is x's column from[k], or zero, or kept (core/columns.hpp).
  void (*move_columns)(std::size_t rows, const T* x, int width, const int* from, T* y,
                       int to_width);
  /// x = A r with a dense matrix, [n][n] by [n][width].
  void (*dense_product)(Index n, int width, const T* a, const T* r, T* x);
};

struct DeviceVectors {
  DeviceVectorTable<float> single;
  DeviceVectorTable<double> twofold;
};

namespace cuda {
extern const DeviceVectors vector_kernels;
}
namespace emulated {
extern const DeviceVectors vector_kernels;
}

}  // namespace femcrust
