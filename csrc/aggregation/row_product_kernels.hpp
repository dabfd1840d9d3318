/// Sparse products and transposes of block matrices on a device; see device_product.hpp.
#pragma once
#include "aggregation/product_kernels.hpp"
#include "backends/vector_kernels.hpp"

namespace femcrust {

struct ProductPatternKernels {
  /// How many block columns each row of A B has, counts: [n]; `table`: places of a hash table for a
  /// row, a power of two. Returns how many rows overflow theirs.
  Index (*count)(Index n, const Index* a_begin, const Index* a_columns, const Index* b_begin,
                 const Index* b_columns, Index table, Index* counts);
  /// These columns, in any order, from begin[row] on.
  void (*fill)(Index n, const Index* a_begin, const Index* a_columns, const Index* b_begin,
               const Index* b_columns, Index table, const Index* begin, Index* columns);
  /// rows[e]: the row of each entry.
  void (*expand)(Index n, const Index* begin, Index* rows);
};

/// P = T − step D⁻¹ (A T): how sums of A T become P. Empty: they stay as they are.
template <class T>
struct Smoothing {
  double step = 0;
  const T* inverse = nullptr;      // D⁻¹ as a smoother takes it
  const Index* t_begin = nullptr;  // T: at most one block a row
  const Index* t_columns = nullptr;
  const T* t_blocks = nullptr;
};

template <class T>
struct RowProductTable {
  /// Blocks of C = A B, whose rows and ascending columns are set; R×K times K×6 with R, K = 3, 3
  /// or 6, 3 or 6, 6. Sums in double, in the order of the entries of A and B.
  void (*multiply)(int rows, int inner, Index n, const BlockRows<T>& a, const BlockRows<T>& b,
                   Part part, const Smoothing<T>& smoothing, const BlockRows<T>& c, T* c_blocks);
  /// Below the diagonal from above it; 6×6. Both have their places.
  void (*mirror)(Index n, const BlockRows<T>& a, T* blocks);
  /// Entry k of the transpose: from entry items[k], in row rows[items[k]] of A.
  void (*transpose)(int rows, int columns, Index entries, const Index* items, const Index* row_of,
                    const T* blocks, Index* out_columns, T* out_blocks);
};

struct RowProductKernels {
  ProductPatternKernels pattern;
  RowProductTable<float> single;
  RowProductTable<double> twofold;
};

namespace cuda {
extern const RowProductKernels row_product_kernels;
}
namespace emulated {
extern const RowProductKernels row_product_kernels;
}

}  // namespace femcrust
