/// Loops of the aggregation, compiled once for each instruction set: one block row of a sparse
/// product, block rows times a vector, and a row of an elimination.
///
/// Blocks on the right have six columns, the rigid modes; a row of six is taken as up to eight
/// lanes, the last two of which hold what follows in memory and are never stored. Sums are in
/// double whatever the blocks are stored in. No function of the standard library appears in
/// product_kernels.cpp (see operators/ebe_kernels.hpp for why).
#pragma once
#include "core/types.hpp"

namespace femcrust {

constexpr int kModes = 6;      // rigid-body modes: columns of every block on the right
constexpr int kModeLanes = 8;  // and lanes that hold them

/// Which columns of A B a row has. Upper: not those below the diagonal.
enum class Part { all, upper };

/// Block rows. As the right factor of a product: two values are read beyond the last block.
template <class T>
struct SparseRows {
  const Index* begin;    // [n + 1]
  const Index* columns;  // block columns
  const T* blocks;       // [begin[n]][rows of a block][columns of a block]
};

/// A block row under construction.
struct RowSum {
  std::size_t count = 0;
  const Index* place = nullptr;  // [n_columns] where in the row a column stands
  double* sums = nullptr;        // [count][R][8]
};

template <class T>
struct ProductTable {
  /// sum += Σ_k left[k] · right.row(columns[k]), of which only columns not below `from`: blocks R×K
  /// times K×6 for (R, K) = (3, 3), (6, 3), (6, 6).
  void (*add_row[3])(Index n, const Index* columns, const T* left, const SparseRows<T>& right,
                     Index from, const RowSum& sum);
  /// to = sums rounded: n rows of eight lanes to n rows of six
  void (*round)(std::size_t n, const double* sums, T* to);
  /// y = A x on rows [first, last) of square blocks of 3 or 6; columns of `a` match the blocks.
  void (*apply[2])(Index first, Index last, const SparseRows<T>& a, const double* x, double* y);
};

constexpr int product_slot(int rows, int inner) {
  return rows == 3 ? 0 : inner == 3 ? 1 : 2;
}

struct ProductKernels {
  ProductTable<float> single;
  ProductTable<double> twofold;
  /// to −= factor row
  void (*subtract)(std::size_t n, double factor, const double* row, double* to);
};

namespace v2 {
extern const ProductKernels product_kernels;
}
namespace v3 {
extern const ProductKernels product_kernels;
}
namespace v4 {
extern const ProductKernels product_kernels;
}

}  // namespace femcrust
