/// block_product.hpp on a device: sparse products C = A B of block matrices, and transposes.
///
/// A first pass counts the columns of each row of C in a hash table, a second lists them; then each
/// row is summed by one warp in the order of its entries, in double: a rerun gives the same bits.
#pragma once
#include <string>

#include "aggregation/device_csr.hpp"
#include "aggregation/row_product_kernels.hpp"
#include "operators/diagonal_blocks_cuda.hpp"

namespace femcrust {

inline const RowProductKernels& row_product_kernels() {
  return FEMCRUST_FOR_THIS_DEVICE(row_product_kernels);
}

/// Sets the rows and columns of C = A B. Tables of rows grow until none overflows.
template <class T>
void set_pattern(const DeviceCsr<T>& a, const DeviceCsr<T>& b, DeviceCsr<T>& c) {
  constexpr Index kTable = 256, kLargestTable = 1 << 15;  // shared memory of a block holds it
  const ProductPatternKernels& kernels = row_product_kernels().pattern;
  const Index n = a.n_rows();
  c.begin = DeviceArray<Index>(a.begin.size());
  Index table = kTable;
  while (kernels.count(n, a.begin.data(), a.columns.data(), b.begin.data(), b.columns.data(), table,
                       c.begin.data() + 1) > 0) {
    table *= 4;
    require(table <= kLargestTable, "a row of the multigrid has too many entries");
  }
  c.columns = DeviceArray<Index>(static_cast<std::size_t>(accumulate_counts(c.begin)));
  DeviceArray<Index> unsorted(c.columns.size());
  kernels.fill(n, a.begin.data(), a.columns.data(), b.begin.data(), b.columns.data(), table,
               c.begin.data(), unsorted.data());
  list_kernels().sort(n, c.begin.data(), unsorted.data(), c.columns.data());
}

template <class T>
DeviceCsr<T> product(const DeviceCsr<T>& a, const DeviceCsr<T>& b, Part part = Part::all,
                     const Smoothing<T>& smoothing = {}) {
  require(a.n_columns == b.n_rows() && a.block_columns == b.block_rows && b.block_columns == kModes,
          "sparse product: the matrices do not fit together");
  DeviceCsr<T> c;
  c.block_rows = a.block_rows;
  c.block_columns = kModes;
  c.n_columns = b.n_columns;
  set_pattern(a, b, c);
  c.allocate_blocks();
  in_precision<T>(row_product_kernels())
      .multiply(a.block_rows, a.block_columns, a.n_rows(), a.view(), b.view(), part, smoothing,
                c.view(), c.blocks.data());
  return c;
}

template <class T>
DeviceCsr<T> transposed(const DeviceCsr<T>& a) {
  DeviceCsr<T> out;
  out.block_rows = a.block_columns;
  out.block_columns = a.block_rows;
  out.n_columns = a.n_rows();
  DeviceLists of_columns(a.entries(), a.columns.data(), a.n_columns);
  DeviceArray<Index> row_of(a.columns.size());
  row_product_kernels().pattern.expand(a.n_rows(), a.begin.data(), row_of.data());
  out.columns = DeviceArray<Index>(a.columns.size());
  out.allocate_blocks();
  in_precision<T>(row_product_kernels())
      .transpose(a.block_rows, a.block_columns, a.entries(), of_columns.items.data(), row_of.data(),
                 a.blocks.data(), out.columns.data(), out.blocks.data());
  out.begin = std::move(of_columns.begin);
  return out;
}

/// Pᵀ (A P), summed above the diagonal: symmetric to the bit.
template <class T>
DeviceCsr<T> galerkin_product(const DeviceCsr<T>& restriction, const DeviceCsr<T>& a,
                              const DeviceCsr<T>& prolongation) {
  DeviceCsr<T> coarse = product(restriction, product(a, prolongation), Part::upper);
  in_precision<T>(row_product_kernels())
      .mirror(coarse.n_rows(), coarse.view(), coarse.blocks.data());
  return coarse;
}

}  // namespace femcrust
