// Fields at the vertices of listed elements: one thread an element, then one a node and direction.
#include "operators/vertex_fields_device.hpp"

#include "backends/device/launch.cuh"
#include "elements/geometry.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr unsigned kThreads = 128;

unsigned grid_of(std::size_t threads) {
  return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}

struct Corner {
  const DeviceElementList& list;
  std::size_t k;
  FEMCRUST_HD const double* operator()(int i) const {
    const std::size_t place = static_cast<std::size_t>(i) * list.n + k;
    return list.vertices + 3 * static_cast<std::size_t>(list.elements[place]);
  }
};

FEMCRUST_KERNEL void __launch_bounds__(kThreads)
    vertex_strain(const DeviceElementList list, const double* gU, double* gOut) {
  const std::size_t k = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  if (k >= static_cast<std::size_t>(list.n)) return;
  double g[3][3], u[10][3];
  barycentric_gradients(Corner{list, k}, g);
  FEMCRUST_UNROLL(10)
  for (int a = 0; a < 10; ++a) {
    const std::size_t place = static_cast<std::size_t>(a) * list.n + k;
    FEMCRUST_UNROLL(3)
    for (int c = 0; c < 3; ++c)
      u[a][c] = gU[3 * static_cast<std::size_t>(list.elements[place]) + c];
  }
  FEMCRUST_UNROLL(4)
  for (int i = 0; i < 4; ++i) {
    double h[3][3];
    tet10::vertex_gradient(u, g, i, h);
    double* const strain = gOut + (4 * k + i) * 6;
    FEMCRUST_UNROLL(3)
    for (int c = 0; c < 3; ++c) FEMCRUST_UNROLL(3)
    for (int d = c; d < 3; ++d) strain[tet10::voigt(c, d)] = (h[c][d] + h[d][c]) / 2;
  }
}

FEMCRUST_KERNEL void __launch_bounds__(kThreads)
    element_forces(const DeviceElementList list, const double* gStress) {
  const std::size_t k = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  if (k >= static_cast<std::size_t>(list.n)) return;
  double g[3][3], s[4][6], f[10][3];
  const double weight = barycentric_gradients(Corner{list, k}, g) / 20;
  FEMCRUST_UNROLL(4)
  for (int i = 0; i < 4; ++i) FEMCRUST_UNROLL(6)
  for (int m = 0; m < 6; ++m) s[i][m] = weight * gStress[(4 * k + i) * 6 + m];
  tet10::stress_divergence(s, g, f);
  FEMCRUST_UNROLL(10)
  for (int a = 0; a < 10; ++a) {
    const std::size_t row = list.rows[static_cast<std::size_t>(a) * list.n + k];
    FEMCRUST_UNROLL(3)
    for (int c = 0; c < 3; ++c) list.forces[3 * row + c] = f[a][c];
  }
}

/// f at a node plus the forces there, in the order of the list.
FEMCRUST_KERNEL void add_forces(const DeviceElementList list, double* gF) {
  const std::size_t i = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::size_t k = i / 3, c = i % 3;
  if (k >= static_cast<std::size_t>(list.n_nodes)) return;
  double* const at = gF + 3 * static_cast<std::size_t>(list.nodes[k]) + c;
  double sum = *at;
  const std::uint32_t end = list.begin[k + 1];
  for (std::uint32_t row = list.begin[k]; row < end; ++row)
    sum += list.forces[3 * std::size_t{row} + c];
  *at = sum;
}

void strain(const DeviceElementList& list, const double* u, double* out) {
  if (list.n == 0) return;
  FEMCRUST_LAUNCH_FREE((vertex_strain), grid_of(static_cast<std::size_t>(list.n)), kThreads, 0,
                       list, u, out);
}

void divergence(const DeviceElementList& list, const double* stress, double* f) {
  if (list.n == 0) return;
  FEMCRUST_LAUNCH_FREE((element_forces), grid_of(static_cast<std::size_t>(list.n)), kThreads, 0,
                       list, stress);
  FEMCRUST_LAUNCH_FREE((add_forces), grid_of(3 * static_cast<std::size_t>(list.n_nodes)), kThreads,
                       0, list, f);
}

}  // namespace

const VertexFieldKernels vertex_field_kernels = {strain, divergence};

}  // namespace femcrust::FEMCRUST_DEVICE
