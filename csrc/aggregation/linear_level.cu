// See linear_level_kernels.hpp. No thread waits for another: sums run over a row in its order.
#include "aggregation/linear_level_kernels.hpp"

#include "backends/device/launch.cuh"
#include "backends/device_runtime.hpp"
#include "operators/small_blocks.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;
constexpr int kOfRow = 8;  // threads that share a row

unsigned blocks_for(std::size_t n) {
  return static_cast<unsigned>((n + kThreads - 1) / kThreads);
}
__device__ std::size_t thread_number() {
  return blockIdx.x * std::size_t{kThreads} + threadIdx.x;
}

/// A counter on the device, for what a kernel finds wrong.
class Counter {
 public:
  Counter() : at_(static_cast<Index*>(device_runtime.allocate(sizeof(Index)))) {
    device_runtime.fill_zero(at_, sizeof(Index));
  }
  ~Counter() { device_runtime.release(at_, sizeof(Index)); }
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  Index* data() { return at_; }
  Index value() const {
    Index found = 0;
    device_runtime.copy_out(&found, at_, sizeof found);
    return found;
  }

 private:
  Index* at_;
};

__device__ Index other_end(const EdgeGraph& edges, Index edge, Index v) {
  const Index* const ends = edges.ends + 2 * static_cast<std::size_t>(edge);
  return ends[0] == v ? ends[1] : ends[0];
}

/// Neighbour k of v to its place: after those with lower numbers, and v itself if that is lower.
FEMCRUST_KERNEL void place_neighbours(const EdgeGraph edges, Index* gBegin, Index* gColumns,
                                      Index* gSource, Index* gTwice) {
  const std::size_t i = thread_number(), row = i / kOfRow;
  if (row >= static_cast<std::size_t>(edges.n_vertices)) return;
  const auto v = static_cast<Index>(row);
  const Index first = edges.begin[row], last = edges.begin[row + 1];
  const Index begin = first + v;
  for (Index k = first + static_cast<Index>(i % kOfRow); k < last; k += kOfRow) {
    const Index edge = edges.at[k], other = other_end(edges, edge, v);
    Index place = begin + (v < other ? 1 : 0);
    for (Index j = first; j < last; ++j) {
      const Index neighbour = other_end(edges, edges.at[j], v);
      place += neighbour < other ? 1 : 0;
      if (neighbour == other && j < k) atomicAdd(gTwice, 1);
    }
    gColumns[place] = other;
    gSource[place] = 2 * edge + (other < v ? 1 : 0);
  }
  if (i % kOfRow != 0) return;
  Index place = begin;
  for (Index j = first; j < last; ++j) place += other_end(edges, edges.at[j], v) < v ? 1 : 0;
  gColumns[place] = v;
  gSource[place] = -1;
  gBegin[row] = begin;
  if (v + 1 == edges.n_vertices) gBegin[row + 1] = last + v + 1;
}

Index structure(const EdgeGraph& edges, Index* begin, Index* columns, Index* source) {
  Counter twice;
  FEMCRUST_LAUNCH_FREE((place_neighbours),
                       blocks_for(static_cast<std::size_t>(edges.n_vertices) * kOfRow), kThreads, 0,
                       edges, begin, columns, source, twice.data());
  return twice.value();
}

/// One thread for each (row, component).
template <class T>
FEMCRUST_KERNEL void assemble_kernel(const DeviceRows<T> rows, const Index* gSource,
                                     const T* gEdges) {
  const std::size_t i = thread_number(), row = i / 9, c = i % 9, turned = c % 3 * 3 + c / 3;
  if (row >= static_cast<std::size_t>(rows.n_rows)) return;
  double sum = 0;
  Index diagonal = 0;
  const Index last = rows.begin[row + 1];
#pragma unroll 4
  for (Index entry = rows.begin[row]; entry < last; ++entry) {
    const Index source = gSource[entry];
    if (source < 0) {
      diagonal = entry;
      continue;
    }
    const T value = gEdges[9 * static_cast<std::size_t>(source / 2) + (source % 2 ? turned : c)];
    rows.blocks[9 * static_cast<std::size_t>(entry) + c] = value;
    sum -= static_cast<double>(value);
  }
  rows.blocks[9 * static_cast<std::size_t>(diagonal) + c] = static_cast<T>(sum);
}

template <class T>
void assemble(const DeviceRows<T>& rows, const Index* source, const T* edge_blocks) {
  FEMCRUST_LAUNCH_FREE((assemble_kernel<T>), blocks_for(static_cast<std::size_t>(rows.n_rows) * 9),
                       kThreads, 0, rows, source, edge_blocks);
}

/// One thread for each row of S.
template <class T>
FEMCRUST_KERNEL void add_surface_kernel(const DeviceRows<T> rows, const DeviceSurface surface,
                                        double unit, Index* gOutside) {
  const std::size_t r = thread_number();
  if (r >= static_cast<std::size_t>(surface.n_rows)) return;
  const Index row = surface.rows[r];
  const bool inside = row >= 0 && row < rows.n_rows;
  if (!inside) atomicAdd(gOutside, 1);
  for (Index e = surface.begin[r]; inside && e < surface.begin[r + 1]; ++e) {
    Index low = rows.begin[row], high = rows.begin[row + 1];
    const Index last = high, column = surface.columns[e];
    while (low < high) {
      const Index middle = low + (high - low) / 2;
      if (rows.columns[middle] < column)
        low = middle + 1;
      else
        high = middle;
    }
    if (low == last || rows.columns[low] != column) {
      atomicAdd(gOutside, 1);
      continue;
    }
    for (int c = 0; c < 9; ++c)
      rows.blocks[9 * static_cast<std::size_t>(low) + c] +=
          static_cast<T>(surface.blocks[9 * static_cast<std::size_t>(e) + c] / unit);
  }
}

template <class T>
Index add_surface(const DeviceRows<T>& rows, const DeviceSurface& surface, double unit) {
  Counter outside;
  FEMCRUST_LAUNCH_FREE((add_surface_kernel<T>),
                       blocks_for(static_cast<std::size_t>(surface.n_rows)), kThreads, 0, rows,
                       surface, unit, outside.data());
  return outside.value();
}

FEMCRUST_KERNEL void clear_numbers(Index n, Index* gOf) {
  const std::size_t i = thread_number();
  if (i < static_cast<std::size_t>(n)) gOf[i] = -1;
}
FEMCRUST_KERNEL void set_numbers(Index n, const Index* gNodes, Index n_vertices, Index* gOf) {
  const std::size_t k = thread_number();
  if (k < static_cast<std::size_t>(n) && gNodes[k] < n_vertices)
    gOf[gNodes[k]] = static_cast<Index>(k);
}
void number_held(Index n_held, const Index* nodes, Index n_vertices, Index* of) {
  FEMCRUST_LAUNCH_FREE((clear_numbers), blocks_for(static_cast<std::size_t>(n_vertices)), kThreads,
                       0, n_vertices, of);
  FEMCRUST_LAUNCH_FREE((set_numbers), blocks_for(static_cast<std::size_t>(n_held)), kThreads, 0,
                       n_held, nodes, n_vertices, of);
}

template <class T>
FEMCRUST_KERNEL void constrain_kernel(const DeviceRows<T> rows, const DeviceHeld held) {
  const std::size_t i = thread_number(), row = i / kOfRow;
  if (row >= static_cast<std::size_t>(rows.n_rows)) return;
  const auto projector = [&](Index k) {
    return k < 0 ? nullptr : held.projectors + 9 * static_cast<std::size_t>(k);
  };
  const double* const own = projector(held.of[row]);
  for (Index e = rows.begin[row] + static_cast<Index>(i % kOfRow); e < rows.begin[row + 1];
       e += kOfRow) {
    const Index j = rows.columns[e];
    const double* const other = projector(held.of[j]);
    if (own == nullptr && other == nullptr) continue;
    T* const block = rows.blocks + 9 * static_cast<std::size_t>(e);
    double from[9], to[9];
#pragma unroll
    for (int c = 0; c < 9; ++c) from[c] = static_cast<double>(block[c]);
    held_block(own, other, static_cast<std::size_t>(j) == row, from, to);
#pragma unroll
    for (int c = 0; c < 9; ++c) block[c] = static_cast<T>(to[c]);
  }
}

template <class T>
void constrain(const DeviceRows<T>& rows, const DeviceHeld& held) {
  FEMCRUST_LAUNCH_FREE((constrain_kernel<T>),
                       blocks_for(static_cast<std::size_t>(rows.n_rows) * kOfRow), kThreads, 0,
                       rows, held);
}

template <class T>
constexpr LinearLevelTable<T> table() {
  return {structure, assemble<T>, add_surface<T>, number_held, constrain<T>};
}

}  // namespace

extern const LinearLevelKernels linear_level_kernels;
const LinearLevelKernels linear_level_kernels = {table<float>(), table<double>()};

}  // namespace femcrust::FEMCRUST_DEVICE
