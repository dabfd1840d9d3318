/// linear_level.hpp on a device. The graph of the rows is that of the vertices' edges, which the
/// transfer between the quadratic and the linear space has already.
#pragma once
#include <string>

#include "aggregation/device_csr.hpp"
#include "aggregation/linear_level.hpp"
#include "aggregation/linear_level_kernels.hpp"
#include "operators/diagonal_blocks_cuda.hpp"

namespace femcrust {

/// Projectors of held vertices.
class HeldVertices {
 public:
  HeldVertices(const Constraints& constraints, Index n_vertices)
      : of_(static_cast<std::size_t>(n_vertices)) {
    const Constraints held = constraints.first(n_vertices);
    DeviceArray<Index> nodes;
    Cuda::copy_in(held.nodes().data(), held.nodes().size(), nodes);
    Cuda::copy_in(held.projectors().data(), held.projectors().size(), projectors_);
    FEMCRUST_FOR_THIS_DEVICE(linear_level_kernels)
        .twofold.number_held(static_cast<Index>(nodes.size()), nodes.data(), n_vertices,
                             of_.data());
  }
  DeviceHeld view() const { return {of_.data(), projectors_.data()}; }

 private:
  DeviceArray<Index> of_;
  DeviceArray<double> projectors_;
};

/// K from the edges of the vertices.
template <class T>
DeviceCsr<T> assembled_level(const BodyForSums<T>& body, const EdgeGraph& edges) {
  const auto& kernels = in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(linear_level_kernels));
  const auto n = static_cast<std::size_t>(edges.n_vertices);
  const auto n_edges = static_cast<std::size_t>((*body).blocks.n_nodes - edges.n_vertices);
  require(n + 2 * n_edges <= INT32_MAX, "assemble_p1: more than 2³¹ blocks");
  DeviceCsr<T> out;
  out.n_columns = edges.n_vertices;
  out.begin = DeviceArray<Index>(n + 1);
  out.columns = DeviceArray<Index>(n + 2 * n_edges);
  DeviceArray<Index> source(out.columns.size());
  const Index twice = kernels.structure(edges, out.begin.data(), out.columns.data(), source.data());
  require(twice == 0, "assemble_p1: two nodes on one edge");
  DeviceArray<T> of_edges(9 * n_edges);
  in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(element_sums)).edges(*body, of_edges.data());
  out.allocate_blocks();
  kernels.assemble({out.n_rows(), out.begin.data(), out.columns.data(), out.blocks.data()},
                   source.data(), of_edges.data());
  return out;
}

template <class T>
DeviceCsr<T> linear_level(const BodyForSums<T>& body, const EdgeGraph& edges, double unit,
                          const SurfaceView& surface, const HeldVertices& held) {
  const auto& kernels = in_precision<T>(FEMCRUST_FOR_THIS_DEVICE(linear_level_kernels));
  DeviceCsr<T> level = assembled_level<T>(body, edges);
  const DeviceRows<T> rows{level.n_rows(), level.begin.data(), level.columns.data(),
                           level.blocks.data()};
  if (surface.n_rows > 0) {
    const auto n = static_cast<std::size_t>(surface.n_rows);
    const auto entries = static_cast<std::size_t>(surface.begin[n]);
    DeviceArray<Index> at, begin, columns;
    DeviceArray<double> blocks;
    Cuda::copy_in(surface.rows, n, at);
    Cuda::copy_in(surface.begin, n + 1, begin);
    Cuda::copy_in(surface.columns, entries, columns);
    Cuda::copy_in(surface.blocks, 9 * entries, blocks);
    const Index outside = kernels.add_surface(
        rows, {surface.n_rows, at.data(), begin.data(), columns.data(), blocks.data()}, unit);
    require(outside == 0, "surface: " + std::to_string(outside) +
                              " blocks couple vertices that share no element");
  }
  kernels.constrain(rows, held.view());
  return level;
}

}  // namespace femcrust
