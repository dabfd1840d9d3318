/// Products of small matrices by a warp, as mma.h has them: D = A B + C with half factors, summed
/// in float. Which lane holds which entries is nobody's business, as in CUDA.
#pragma once
#include <cstdint>
#include <type_traits>

#include "backends/device/emulator/half.hpp"
#include "backends/device/emulator/warp.hpp"

namespace femcrust::emulator::nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };

template <class Use, int M, int N, int K>
constexpr int rows_of = std::is_same_v<Use, matrix_b> ? K : M;
template <class Use, int M, int N, int K>
constexpr int columns_of = std::is_same_v<Use, matrix_a> ? K : N;

template <class Use, int M, int N, int K, class T, class Layout = void>
struct fragment {
  static_assert(M * N == 256 && K == 16 && M % 8 == 0 && N % 8 == 0, "no shape of CUDA");
  static constexpr int kRows = rows_of<Use, M, N, K>, kColumns = columns_of<Use, M, N, K>;
  static constexpr int num_elements = kRows * kColumns / kLanes;
  using element_type = T;
  T x[num_elements];

  /// Entry of element e of a lane.
  static int row(int lane, int e) { return (lane * num_elements + e) / kColumns; }
  static int column(int lane, int e) { return (lane * num_elements + e) % kColumns; }
};

template <class Fragment, class T>
static inline void fill_fragment(Fragment& f, T value) {
  for (auto& entry : f.x) entry = value;
}

/// mma.h asks for 32-byte addresses, and rows that are multiples of 16 bytes.
template <class T>
static inline void check_alignment(const T* address, unsigned stride) {
  if (reinterpret_cast<std::uintptr_t>(address) % 32 != 0) fail("a matrix is not 32-byte aligned");
  if (stride * sizeof(T) % 16 != 0) fail("the stride of a matrix is no multiple of 16 bytes");
}

template <class Fragment, class T>
static inline void load(Fragment& f, const T* from, unsigned stride, bool by_rows) {
  check_alignment(from, stride);
  __syncwarp();
  for (int e = 0; e < Fragment::num_elements; ++e) {
    const auto i = static_cast<unsigned>(Fragment::row(own_lane(), e));
    const auto j = static_cast<unsigned>(Fragment::column(own_lane(), e));
    f.x[e] = by_rows ? from[i * stride + j] : from[j * stride + i];
  }
  __syncwarp();
}

template <class Use, int M, int N, int K, class T, class Layout>
static inline void load_matrix_sync(fragment<Use, M, N, K, T, Layout>& f, const T* from,
                                    unsigned stride) {
  load(f, from, stride, std::is_same_v<Layout, row_major>);
}
template <int M, int N, int K, class T>
static inline void load_matrix_sync(fragment<accumulator, M, N, K, T>& f, const T* from,
                                    unsigned stride, layout_t layout) {
  load(f, from, stride, layout == mem_row_major);
}

template <int M, int N, int K, class T>
static inline void store_matrix_sync(T* to, const fragment<accumulator, M, N, K, T>& f,
                                     unsigned stride, layout_t layout) {
  check_alignment(to, stride);
  __syncwarp();
  for (int e = 0; e < f.num_elements; ++e) {
    const auto i = static_cast<unsigned>(f.row(own_lane(), e));
    const auto j = static_cast<unsigned>(f.column(own_lane(), e));
    (layout == mem_row_major ? to[i * stride + j] : to[j * stride + i]) = f.x[e];
  }
  __syncwarp();
}

/// One lane's part of a product.
template <class D, class A, class B, class C>
struct Factors {
  D* d;
  const A* a;
  const B* b;
  const C* c;
};

/// The product of the fragments of all lanes, by the last lane that comes.
template <class D, class A, class B, class C>
void multiply(Lane* warp, unsigned) {
  constexpr int M = A::kRows, N = B::kColumns, K = A::kColumns;
  float a[M][K], b[K][N], sum[M][N];
  Factors<D, A, B, C>* part[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    if (warp[lane].waits != Waits::for_warp) fail("a matrix product without all lanes of a warp");
    part[lane] = reinterpret_cast<Factors<D, A, B, C>*>(warp[lane].value);
    for (int e = 0; e < A::num_elements; ++e) {
      a[A::row(lane, e)][A::column(lane, e)] = part[lane]->a->x[e];
    }
    for (int e = 0; e < B::num_elements; ++e) {
      b[B::row(lane, e)][B::column(lane, e)] = part[lane]->b->x[e];
    }
    for (int e = 0; e < C::num_elements; ++e) {
      sum[C::row(lane, e)][C::column(lane, e)] = part[lane]->c->x[e];
    }
  }
  for (int i = 0; i < M; ++i) {
    for (int k = 0; k < K; ++k) {
      for (int j = 0; j < N; ++j) sum[i][j] += a[i][k] * b[k][j];
    }
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int e = 0; e < D::num_elements; ++e) {
      part[lane]->d->x[e] = sum[D::row(lane, e)][D::column(lane, e)];
    }
  }
}

template <int M, int N, int K, class T, class U, class V, class LayoutA, class LayoutB>
static inline void mma_sync(fragment<accumulator, M, N, K, U>& d,
                            const fragment<matrix_a, M, N, K, T, LayoutA>& a,
                            const fragment<matrix_b, M, N, K, T, LayoutB>& b,
                            const fragment<accumulator, M, N, K, V>& c) {
  using D = fragment<accumulator, M, N, K, U>;
  using A = fragment<matrix_a, M, N, K, T, LayoutA>;
  using B = fragment<matrix_b, M, N, K, T, LayoutB>;
  using C = fragment<accumulator, M, N, K, V>;
  const Factors<D, A, B, C> own = {&d, &a, &b, &c};
  exchanged(0xffffffffu, multiply<D, A, B, C>, reinterpret_cast<std::uint64_t>(&own));
}

}  // namespace femcrust::emulator::nvcuda::wmma
