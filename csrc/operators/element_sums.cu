// See element_sums.hpp. Three values of a block at a time pass through shared memory.
#include "operators/element_sums.hpp"

#include "operators/ebe_device_block.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;  // an element each
constexpr int kSlots = kThreads * tet10::kNodes;
constexpr int kTogether = 3;

/// Shared memory of a block.
struct SumTiles {
  double* sVertices;      // [most_vertices][3], m
  double* sParts;         // [kTogether][kSlots] by rank, then place
  std::uint16_t* sRanks;  // [kRanks + 1]

  static std::size_t bytes(const DeviceBlocks& blocks) {
    return (3 * static_cast<std::size_t>(blocks.most_vertices) + kTogether * kSlots) *
               sizeof(double) +
           (kRanks + 1) * sizeof(std::uint16_t);
  }
  static __device__ __forceinline__ SumTiles of(double* memory, const DeviceBlocks& blocks) {
    double* const parts = memory + 3 * blocks.most_vertices;
    return {memory, parts, reinterpret_cast<std::uint16_t*>(parts + kTogether * kSlots)};
  }
};

/// Of gradients times det: λ and μ stand for V/20 λ / det², V/20 μ / det².
using SummedElement = DeviceElement<double>;

__device__ __forceinline__ double gradient(const SummedElement& element, int i, int k) {
  const double* const g = element.gradients;
  return i == 0 ? -(g[k] + g[3 + k] + g[6 + k]) : g[3 * (i - 1) + k];
}

/// As tet10::diagonal_blocks: component m of the block of each local node.
struct DiagonalOf {
  static constexpr int kValues = 6;
  static constexpr bool kEdgesOnly = false;

  template <class Put>
  static __device__ __forceinline__ void values(int m, const SummedElement& element, unsigned,
                                                const Put& put) {
    const int c = m < 3 ? m : m == 5 ? 1 : 0, d = m < 3 ? m : m == 3 ? 1 : 2;
    double of[7];
#pragma unroll
    for (int i = 0; i < 7; ++i) {
      double v[3];
#pragma unroll
      for (int k = 0; k < 3; ++k)
        v[k] =
            i < 4 ? gradient(element, i, k) : gradient(element, 0, k) + gradient(element, i - 3, k);
      of[i] = (element.lambda + element.mu) * (v[c] * v[d]);
      if (m < 3) of[i] += element.mu * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    }
#pragma unroll
    for (int a = 0; a < tet10::kVertices; ++a) put(a, 12 * of[a]);
#pragma unroll
    for (int k = 0; k < tet10::kEdges; ++k) {
      const int i = tet10::edge_end(k, 0), j = tet10::edge_end(k, 1);
      const int along = i == 0 ? j : 6 - i - j;  // opposite edges share a term
      put(tet10::kVertices + k, 16 * (of[i] + of[j] + of[3 + along]));
    }
  }
};

/// V [ λ g_i ⊗ g_j + μ g_j ⊗ g_i + μ (g_i · g_j) I ] at the edge (i, j), or its transpose where the
/// edge is turned: bit k of `turned`.
struct CouplingOf {
  static constexpr int kValues = 9;
  static constexpr bool kEdgesOnly = true;

  template <class Put>
  static __device__ __forceinline__ void values(int m, const SummedElement& element,
                                                unsigned turned, const Put& put) {
    const double lambda = 20 * element.lambda, mu = 20 * element.mu;
    const int a = m / 3, b = m % 3;
#pragma unroll
    for (int k = 0; k < tet10::kEdges; ++k) {
      const int i = tet10::edge_end(k, 0), j = tet10::edge_end(k, 1);
      const double ab = gradient(element, i, a) * gradient(element, j, b);
      const double ba = gradient(element, i, b) * gradient(element, j, a);
      double value = (turned >> k & 1u) ? lambda * ba + mu * ab : lambda * ab + mu * ba;
      if (a == b)
        value += mu * (gradient(element, i, 0) * gradient(element, j, 0) +
                       gradient(element, i, 1) * gradient(element, j, 1) +
                       gradient(element, i, 2) * gradient(element, j, 2));
      put(tet10::kVertices + k, value);
    }
  }
};

/// Edges whose first local end has the higher number.
__device__ __forceinline__ unsigned turned_edges(const std::uint32_t words[5],
                                                 const std::uint32_t* gNodes) {
  std::uint32_t number[tet10::kVertices];
#pragma unroll
  for (int a = 0; a < tet10::kVertices; ++a)
    number[a] = gNodes[DevicePlace::place(DevicePlace::kVertexBits,
                                          words[a / 2] >> (16 * (a % 2)) & 0xffffu)] &
                DeviceNode::kNumber;
  unsigned turned = 0;
#pragma unroll
  for (int k = 0; k < tet10::kEdges; ++k)
    turned |= (number[tet10::edge_end(k, 0)] > number[tet10::edge_end(k, 1)] ? 1u : 0u) << k;
  return turned;
}

/// What the elements left in the slots of node k, in their order.
__device__ __forceinline__ void sum_of_node(const SumTiles& tiles, const DeviceBlock& block,
                                            unsigned k, double sum[kTogether]) {
  const bool vertex = k < block.n_vertices;
  const unsigned place = vertex ? k : k - block.n_vertices;
  const std::uint16_t* ranks = tiles.sRanks + (vertex ? 0 : kVertexRanks);
  const std::uint16_t* const last = tiles.sRanks + (vertex ? kVertexRanks : kRanks);
#pragma unroll
  for (int d = 0; d < kTogether; ++d) sum[d] = 0;
  for (; ranks < last && ranks[0] + place < ranks[1]; ++ranks)
#pragma unroll
    for (int d = 0; d < kTogether; ++d) sum[d] += tiles.sParts[d * kSlots + ranks[0] + place];
}

template <class T, class Values>
FEMCRUST_KERNEL void __launch_bounds__(kThreads, 2)
    sum_elements(const DeviceBody<T> body, T* gBlocks) {
  FEMCRUST_SHARED_DYNAMIC(double, memory);
  const DeviceBlocks& blocks = body.blocks;
  const SumTiles tiles = SumTiles::of(memory, blocks);
  const DeviceBlock block = blocks.blocks[blockIdx.x];
  const std::uint32_t* const gNodes = blocks.nodes + block.first_node;
  const bool active = threadIdx.x < block.n_elements;

  // ---- load
  std::uint32_t words[5] = {};
  double moduli[2] = {};
  if (active) {
    const std::size_t e = static_cast<std::size_t>(block.first_element) + threadIdx.x;
#pragma unroll
    for (int p = 0; p < 5; ++p)
      words[p] = blocks.places[static_cast<std::size_t>(p) * blocks.n_elements + e];
    moduli[0] = body.moduli[2 * e], moduli[1] = body.moduli[2 * e + 1];
  }
  for (unsigned r = threadIdx.x; r <= kRanks; r += kThreads)
    tiles.sRanks[r] = blocks.ranks[std::size_t{blockIdx.x} * (kRanks + 1) + r];
  for (unsigned i = threadIdx.x; i < 3u * block.n_vertices; i += kThreads)
    tiles.sVertices[i] =
        body.vertices[3 * std::size_t{gNodes[i / 3] & DeviceNode::kNumber} + i % 3];
  __syncthreads();

  // ---- compute
  SummedElement element;
  unsigned turned = 0;
  if (active) {
    element.place(words, block.n_vertices, tiles.sRanks);
    element.shape(tiles.sVertices, moduli);
    if (Values::kEdgesOnly) turned = turned_edges(words, gNodes);
  }
  const unsigned first = Values::kEdgesOnly ? block.n_vertices : 0;
  const unsigned before = Values::kEdgesOnly ? static_cast<unsigned>(blocks.n_vertices) : 0;
#pragma unroll
  for (int m = 0; m < Values::kValues; m += kTogether) {
    if (m > 0) __syncthreads();
    if (active)
#pragma unroll
      for (int d = 0; d < kTogether; ++d)
        Values::values(m + d, element, turned, [&](int a, double value) {
          element.slot(tiles.sParts, a)[d * kSlots] = value;
        });
    __syncthreads();

    // ---- store
    double sum[kTogether];
    for (unsigned k = first + threadIdx.x; k < block.n_nodes; k += kThreads) {
      if (gNodes[k] & DeviceNode::kGuest) continue;
      sum_of_node(tiles, block, k, sum);
      const std::size_t at = (gNodes[k] & DeviceNode::kNumber) - before;
#pragma unroll
      for (int d = 0; d < kTogether; ++d)
        gBlocks[at * Values::kValues + m + d] = static_cast<T>(sum[d]);
    }
    for (unsigned i = threadIdx.x; i < block.n_guests; i += kThreads) {
      const std::size_t row = block.first_part + i;
      const unsigned k = blocks.guests[row];
      if (Values::kEdgesOnly && k < block.n_vertices) continue;
      sum_of_node(tiles, block, k, sum);
#pragma unroll
      for (int d = 0; d < kTogether; ++d)
        body.parts[row * Values::kValues + m + d] = static_cast<T>(sum[d]);
    }
  }
}

/// The guests' parts at nodes of more than one block, in the order of the blocks; zero at nodes of
/// none.
template <class T, class Values>
FEMCRUST_KERNEL void add_guests(const DeviceBody<T> body, T* gBlocks) {
  const DeviceBlocks& blocks = body.blocks;
  const std::size_t i = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  const std::size_t k = i / Values::kValues, m = i % Values::kValues;
  if (k >= static_cast<std::size_t>(blocks.n_met)) return;
  const auto n_vertices = static_cast<std::uint32_t>(blocks.n_vertices);
  if (Values::kEdgesOnly && blocks.met[k] < n_vertices) return;
  const std::size_t node = blocks.met[k] - (Values::kEdgesOnly ? n_vertices : 0);
  T* const to = gBlocks + node * Values::kValues + m;
  double sum = 0;
  for (int r = 0; r < blocks.most_guests; ++r) {
    const std::size_t at = static_cast<std::size_t>(blocks.row_begin[r]) + k;
    if (at >= static_cast<std::size_t>(blocks.row_begin[r + 1])) break;
    if (r == 0) sum = static_cast<double>(*to);
    sum += static_cast<double>(
        body.parts[static_cast<std::size_t>(blocks.rows[at]) * Values::kValues + m]);
  }
  *to = static_cast<T>(sum);
}

template <class T, class Values>
void sums(const DeviceBody<T>& body, T* blocks) {
  require(body.blocks.most_elements <= kThreads, "device blocks: made for another tiling");
  FEMCRUST_LAUNCH((sum_elements<T, Values>), static_cast<unsigned>(body.blocks.n_blocks), kThreads,
                  SumTiles::bytes(body.blocks), body, blocks);
  const auto n = static_cast<std::size_t>(body.blocks.n_met) * Values::kValues;
  FEMCRUST_LAUNCH_FREE((add_guests<T, Values>),
                       static_cast<unsigned>((n + kThreads - 1) / kThreads), kThreads, 0, body,
                       blocks);
}

}  // namespace

extern const ElementSumKernels element_sums;
const ElementSumKernels element_sums = {{sums<float, DiagonalOf>, sums<float, CouplingOf>},
                                        {sums<double, DiagonalOf>, sums<double, CouplingOf>}};

}  // namespace femcrust::FEMCRUST_DEVICE
