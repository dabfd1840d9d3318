/// Small kernels that exercise what launch.cuh offers, on any device: what they should give is
/// known without one. Arguments are memory of the host.
#pragma once
#include <cstdint>

#include "core/types.hpp"

namespace femcrust {

struct DeviceSelfTest {
  /// Σ x with blocks of `threads`, a power of two and at least a warp: shuffles and barriers.
  double (*sum)(const double* x, Index n, Index threads);
  /// counts[bin] = how often it is in `bins`, *weight = n / 2, *largest: atomic operations.
  void (*count)(const int* bins, Index n, Index n_bins, int* counts, double* weight, int* largest);
  /// Blocks of x, each reversed: y[i] = x[first + last − i]; dynamic shared memory.
  void (*reverse)(const double* x, Index n, Index threads, double* y);
  /// What a warp gives each lane: [8][32] by xor 5, down 3, up 3, lane 7 of each 16 lanes, the
  /// same as doubles' halves, and votes for value > 15: ballot, any, all.
  void (*exchange)(const int* values, double* out);
  /// What shared memory holds before anyone wrote it: [2][32], static and dynamic.
  void (*unwritten)(float* out);
};

struct MatrixSelfTest {
  /// C = A Bᵀ of n×n matrices, n a multiple of 16; entries rounded to half, summed in float.
  void (*product)(Index n, const float* a, const float* b, float* c);
};

namespace cuda {
extern const DeviceSelfTest self_test;
extern const MatrixSelfTest matrix_self_test;
}  // namespace cuda
namespace emulated {
extern const DeviceSelfTest self_test;
extern const MatrixSelfTest matrix_self_test;
}  // namespace emulated

}  // namespace femcrust
