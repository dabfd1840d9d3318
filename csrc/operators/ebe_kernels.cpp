// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see ebe_kernels.hpp.
#include "operators/ebe_kernels.hpp"

#include "core/lanes.hpp"
#include "elements/tet10.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
constexpr int kLanes = 16;  // elements side by side in memory

/// One right-hand side: lanes are elements.
template <class T>
void single_column(const EbeBlock<T>& block, const T* x, T* y, T* scratch) {
  constexpr int kNarrow = kVectorBytes / static_cast<int>(sizeof(T));
  constexpr int N = kNarrow < 4 ? 4 : kNarrow;
  using V = Lanes<T, N>;
  using Move = Transpose<T, N>;
  T* const u_local = scratch;
  T* const f_local = scratch + kPadded * block.n_nodes;
  for (Index k = 0; k < block.n_nodes; ++k) {
    const T* const u = x + 3 * static_cast<std::size_t>(block.nodes[k]);
    for (int c = 0; c < 3; ++c) u_local[kPadded * k + c] = u[c];
    u_local[kPadded * k + 3] = 0;
    for (int c = 0; c < kPadded; ++c) f_local[kPadded * k + c] = 0;
  }
  for (Index batch = 0; batch < block.n_batches; ++batch)
    for (int lane = 0; lane < kLanes; lane += N) {
      const auto at = static_cast<std::size_t>(batch);
      const std::uint16_t* const local = block.local + at * 10 * kLanes + lane;
      const T* const gradients = block.gradients + at * 9 * kLanes + lane;
      const T* const moduli = block.moduli + at * 2 * kLanes + lane;
      V u[10][3], f[10][3], g[3][3];
      for (int a = 0; a < 10; ++a) Move::gather(u_local, local + a * kLanes, u[a]);
      for (int k = 0; k < 9; ++k) g[k / 3][k % 3] = load<T, N>(gradients + k * kLanes);
      tet10::stiffness_product<V, V>(u, g, load<T, N>(moduli), load<T, N>(moduli + kLanes), f);
      for (int a = 0; a < 10; ++a) Move::scatter_add(f_local, local + a * kLanes, f[a]);
    }
  for (Index k = 0; k < block.n_nodes; ++k) {
    T* const f = y + 3 * static_cast<std::size_t>(block.nodes[k]);
    for (int c = 0; c < 3; ++c) f[c] += f_local[kPadded * k + c];
  }
}

/// R right-hand sides: lanes are columns, one element at a time, straight from x and into y.
template <class T, int R>
void columns(const EbeBlock<T>& block, const T* x, T* y, T*) {
  using V = Lanes<T, R>;
  for (Index e = 0; e < block.n_elements; ++e) {
    const auto batch = static_cast<std::size_t>(e / kLanes);
    const int lane = e % kLanes;
    const std::uint16_t* const local = block.local + batch * 10 * kLanes + lane;
    const T* const gradients = block.gradients + batch * 9 * kLanes + lane;
    const T* const moduli = block.moduli + batch * 2 * kLanes + lane;
    std::size_t node[10];
    V u[10][3], f[10][3];
    T g[3][3];
#pragma GCC unroll 10
    for (int a = 0; a < 10; ++a) {
      node[a] = static_cast<std::size_t>(block.nodes[local[a * kLanes]]) * 3 * R;
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) u[a][c] = load<T, R>(x + node[a] + c * R);
    }
    for (int k = 0; k < 9; ++k) g[k / 3][k % 3] = gradients[k * kLanes];
    tet10::stiffness_product<V, T>(u, g, moduli[0], moduli[kLanes], f);
#pragma GCC unroll 10
    for (int a = 0; a < 10; ++a)
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) {
        T* const at = y + node[a] + c * R;
        store<T, R>(at, load<T, R>(at) + f[a][c]);
      }
  }
}

template <class T>
constexpr EbeTable<T> table() {
  return {single_column<T>, columns<T, 4>, columns<T, 8>, columns<T, 16>};
}

#define FEMCRUST_TEXT_OF(x) #x
#define FEMCRUST_TEXT(x) FEMCRUST_TEXT_OF(x)

}  // namespace

extern const EbeKernels ebe_kernels = {FEMCRUST_TEXT(FEMCRUST_ISA), table<float>(),
                                       table<double>()};

}  // namespace femcrust::FEMCRUST_ISA
