/// Loops over ranges of vectors, compiled once for each instruction set.
///
/// Ranges keep threads out of here: a backend cuts the work, a kernel does its part. No function of
/// the standard library appears in vector_kernels.cpp (see operators/ebe_kernels.hpp for why).
#pragma once
#include "core/columns.hpp"
#include "core/types.hpp"

namespace femcrust {

/// Rows of a matrix of dense R×C blocks, few or all of them stored.
template <class T>
struct BlockRows {
  const Index* rows;     // [n] row written by each stored row; nullptr: row k is k
  const Index* begin;    // [n + 1] into `columns`
  const Index* columns;  // block columns
  const T* blocks;       // [begin[n]][R][C]
};

template <class T>
using SmoothKernel = void (*)(Index first, Index last, const T* blocks, const T* q, T* r, T keep,
                              T gain, bool start, T* d, T* x);
/// Coefficients and sums come as 16 lanes (core/columns.hpp).
template <class T>
struct VectorTable {
  /// y = a x + b y
  void (*axpby)(std::size_t n, const T* a, const T* x, const T* b, T* y);
  /// sums[lane] = Σ x y, in double.
  void (*dot)(std::size_t n, const T* x, const T* y, double* sums);
  /// One step of conjugate gradients: x += a p;  r −= a q;  sums[lane] = Σ r r.
  void (*advance)(std::size_t n, const T* a, const T* p, const T* q, T* x, T* r, double* sums);
  /// One step of a polynomial smoother on rows [first, last) with blocks of 6; [width]
  /// r −= q (unless q is null);  d = keep d + gain D r;  x += d, or x = d at the start. keep = 0
  /// never reads d.
  /// Blocks of 3 have theirs in operators/nodal_kernels.hpp, for every storage format.
  SmoothKernel<T> smooth[4];
};

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
