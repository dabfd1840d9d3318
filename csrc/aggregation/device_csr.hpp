/// A sparse matrix of dense blocks in device memory while the levels are being built: rows with
/// ascending columns, as in block_csr.hpp.
#pragma once
#include <utility>

#include "aggregation/block_csr.hpp"
#include "backends/device_lists.hpp"
#include "operators/level_matrix.hpp"

namespace femcrust {

template <class T>
struct DeviceCsr {
  int block_rows = 3, block_columns = 3;
  Index n_columns = 0;                // block columns of the whole matrix
  DeviceArray<Index> begin, columns;  // [n_rows + 1], [entries]
  DeviceArray<T> blocks;              // [entries][R][C]

  Index n_rows() const { return static_cast<Index>(begin.size()) - 1; }
  Index entries() const { return static_cast<Index>(columns.size()); }
  std::size_t size() const {
    return static_cast<std::size_t>(n_rows()) * static_cast<std::size_t>(block_rows);
  }
  std::size_t per_block() const { return static_cast<std::size_t>(block_rows * block_columns); }
  BlockRows<T> view() const { return {nullptr, begin.data(), columns.data(), blocks.data()}; }

  /// Room for the blocks of `columns`, once these are complete.
  void allocate_blocks() { blocks = DeviceArray<T>(columns.size() * per_block()); }

  /// As a level keeps it. The blocks go.
  LevelMatrix<T, Cuda> as_matrix() && {
    const DeviceArray<T> unpacked = std::move(blocks);
    return {block_rows, block_columns, std::move(begin), std::move(columns), unpacked};
  }

  BlockCsr<T> to_host() const {
    BlockCsr<T> out;
    out.block_rows = block_rows;
    out.block_columns = block_columns;
    out.n_columns = n_columns;
    out.begin = Array<Index>(begin.size());
    Cuda::copy_out(begin, out.begin.data());
    out.allocate();
    Cuda::copy_out(columns, out.columns.data());
    Cuda::copy_out(blocks, out.blocks.data());
    return out;
  }
  static DeviceCsr from_host(const BlockCsr<T>& a) {
    DeviceCsr out;
    out.block_rows = a.block_rows;
    out.block_columns = a.block_columns;
    out.n_columns = a.n_columns;
    Cuda::copy_in(a.begin.data(), a.begin.size(), out.begin);
    Cuda::copy_in(a.columns.data(), a.columns.size(), out.columns);
    Cuda::copy_in(a.blocks.data(), a.columns.size() * a.per_block(), out.blocks);
    return out;
  }
};

}  // namespace femcrust
