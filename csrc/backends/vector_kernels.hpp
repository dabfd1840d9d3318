/// Loops over ranges of vectors and block rows, compiled once for each instruction set.
///
/// Ranges keep threads out of here: a backend cuts the work, a kernel does its part. No function of
/// the standard library appears in vector_kernels.cpp (see operators/ebe_kernels.hpp for why).
#pragma once
#include "core/types.hpp"

namespace femcrust {

/// Rows of a matrix of dense R×C blocks.
template <class T>
struct BlockRows {
  const Index* rows;     // [n] row written by each stored row; nullptr: row k is k
  const Index* begin;    // [n + 1] into `columns`
  const Index* columns;  // block columns
  const T* blocks;       // [begin[n]][R][C]
};

enum class Store { set, add, subtract };

template <class T>
struct VectorTable {
  /// y = a x + b y; b = 0 never reads y.
  void (*axpby)(std::size_t n, T a, const T* x, T b, T* y);
  /// Σ x y, in double.
  double (*dot)(std::size_t n, const T* x, const T* y);
  /// z = D r for block-diagonal D, blocks of 3 or 6.
  void (*scale[2])(Index first, Index last, const T* blocks, const T* r, T* z);
  /// One step of a polynomial smoother on rows [first, last):
  /// r −= q (unless q is null);  d = keep d + gain D r;  x += d.
  void (*smooth[2])(Index first, Index last, const T* blocks, const T* q, T* r, T keep, T gain,
                    T* d, T* x);
  /// y (=, +=, −=) A x on stored rows [first, last): blocks 3×3, 3×6, 6×3, 6×6.
  void (*product[4])(const BlockRows<T>& a, Index first, Index last, const T* x, Store how, T* y);
};

/// Which entry of scale/smooth serves a block size, and of product a pair of sizes.
constexpr int size_slot(int size) {
  return size == 3 ? 0 : 1;
}
constexpr int pair_slot(int rows, int columns) {
  return 2 * size_slot(rows) + size_slot(columns);
}

struct VectorKernels {
  VectorTable<float> single;
  VectorTable<double> twofold;
};

namespace v2 {
extern const VectorKernels vector_kernels;
}
namespace v3 {
extern const VectorKernels vector_kernels;
}
namespace v4 {
extern const VectorKernels vector_kernels;
}

}  // namespace femcrust
