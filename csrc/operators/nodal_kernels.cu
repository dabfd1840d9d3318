// Loops over the nodes of the quadratic space on a device: one thread for each (node, column). What
// each does is told in nodal_kernels.hpp.
#include "operators/nodal_kernels.hpp"

#include "backends/device/launch.cuh"
#include "operators/column_access.hpp"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;

/// body(k, column, arguments…) for each of n nodes and W columns.
template <int W, class Body, class... Arguments>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void for_nodes(Index n, Arguments... arguments) {
  const std::size_t task = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (task >= static_cast<std::size_t>(n) * W) return;
  Body::at(static_cast<Index>(task / W), static_cast<int>(task % W), arguments...);
}

unsigned blocks_for(std::size_t tasks) {
  return static_cast<unsigned>((tasks + kThreads - 1) / kThreads);
}

template <int W, class Body, class... Arguments>
void launch_nodes(Index n, Arguments... arguments) {
  FEMCRUST_LAUNCH_FREE((for_nodes<W, Body, Arguments...>),
                       blocks_for(static_cast<std::size_t>(n) * W), kThreads, 0, n, arguments...);
}

struct Factors {
  double of[kMostColumns];
};
template <int W>
Factors factors(const double* given) {
  Factors out{};
  for (int c = 0; c < W; ++c) out.of[c] = given[c];
  return out;
}

/// With a factor for each column, which a thread picks out of the kernel's own argument.
template <class F, int W>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void take_kernel(Index n,
                                                             const __grid_constant__ Factors factor,
                                                             const double* gX,
                                                             typename F::Word* gOut) {
  const std::size_t task = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (task >= static_cast<std::size_t>(n) * W) return;
  const std::size_t k = task / W, column = task % W;
  typename F::Real v[3];
  for (int i = 0; i < 3; ++i)
    v[i] = static_cast<typename F::Real>(factor.of[column] * gX[(3 * k + i) * W + column]);
  store_column<F, W>(gOut, static_cast<Index>(k), static_cast<int>(column), v);
}

template <class F, int W>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void give_kernel(Index n,
                                                             const __grid_constant__ Factors factor,
                                                             const typename F::Word* gX,
                                                             double* gZ) {
  const std::size_t task = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (task >= static_cast<std::size_t>(n) * W) return;
  const std::size_t k = task / W, column = task % W;
  typename F::Real v[3];
  load_column<F, W>(gX, static_cast<Index>(k), static_cast<int>(column), v);
  for (int i = 0; i < 3; ++i)
    gZ[(3 * k + i) * W + column] = factor.of[column] * static_cast<double>(v[i]);
}

/// out = D v, D = (xx, yy, zz, xy, xz, yz).
template <class T>
__device__ void multiply(const T* d, const T v[3], T out[3]) {
  out[0] = d[0] * v[0] + d[3] * v[1] + d[4] * v[2];
  out[1] = d[3] * v[0] + d[1] * v[1] + d[5] * v[2];
  out[2] = d[4] * v[0] + d[5] * v[1] + d[2] * v[2];
}

template <class F, int W>
struct Nodal {
  using Word = typename F::Word;
  using T = typename F::Real;

  struct Subtract {
    static __device__ void at(Index k, int column, const Word* q, Word* r) {
      T a[3], b[3];
      load_column<F, W>(q, k, column, a);
      load_column<F, W>(r, k, column, b);
      for (int i = 0; i < 3; ++i) b[i] -= a[i];
      store_column<F, W>(r, k, column, b);
    }
  };
  struct Scale {
    static __device__ void at(Index k, int column, const T* blocks, const Word* r, Word* z) {
      T v[3], scaled[3];
      load_column<F, W>(r, k, column, v);
      multiply(blocks + static_cast<std::size_t>(k) * 6, v, scaled);
      store_column<F, W>(z, k, column, scaled);
    }
  };
  struct Smooth {
    static __device__ void at(Index k, int column, const T* blocks, const Word* q, Word* r, T keep,
                              T gain, bool start, Word* d, Word* x) {
      T residual[3], change[3] = {}, scaled[3];
      load_column<F, W>(r, k, column, residual);
      if (q != nullptr) {
        T product[3];
        load_column<F, W>(q, k, column, product);
        for (int i = 0; i < 3; ++i) residual[i] -= product[i];
        store_column<F, W>(r, k, column, residual);
      }
      if (keep != T(0)) load_column<F, W>(d, k, column, change);
      multiply(blocks + static_cast<std::size_t>(k) * 6, residual, scaled);
      for (int i = 0; i < 3; ++i) change[i] = keep * change[i] + gain * scaled[i];
      store_column<F, W>(d, k, column, change);
      if (!start) {
        T sum[3];
        load_column<F, W>(x, k, column, sum);
        for (int i = 0; i < 3; ++i) change[i] += sum[i];
      }
      store_column<F, W>(x, k, column, change);
    }
  };
  struct AddRows {
    static __device__ void at(Index k, int column, BlockRows<T> a, const Word* x, Word* y) {
      const Index row = a.rows == nullptr ? k : a.rows[k];
      T sum[3], v[3];
      load_column<F, W>(y, row, column, sum);
      for (Index entry = a.begin[k]; entry < a.begin[k + 1]; ++entry) {
        const T* const block = a.blocks + static_cast<std::size_t>(entry) * 9;
        load_column<F, W>(x, a.columns[entry], column, v);
        for (int i = 0; i < 3; ++i)
          sum[i] += block[3 * i] * v[0] + block[3 * i + 1] * v[1] + block[3 * i + 2] * v[2];
      }
      store_column<F, W>(y, row, column, sum);
    }
  };
  struct Project {
    static __device__ void at(Index k, int column, const Index* nodes, const double* projectors,
                              Word* v) {
      const double* const q = projectors + static_cast<std::size_t>(k) * 9;
      T old[3], kept[3];
      load_column<F, W>(v, nodes[k], column, old);
      for (int i = 0; i < 3; ++i)
        kept[i] = static_cast<T>(q[3 * i] * static_cast<double>(old[0]) +
                                 q[3 * i + 1] * static_cast<double>(old[1]) +
                                 q[3 * i + 2] * static_cast<double>(old[2]));
      store_column<F, W>(v, nodes[k], column, kept);
    }
  };
  struct Restrict {
    static __device__ void at(Index v, int column, EdgeGraph edges, const Word* fine, T* coarse) {
      T sum[3] = {}, value[3];
      for (Index k = edges.begin[v]; k < edges.begin[v + 1]; ++k) {
        load_column<F, W>(fine, edges.n_vertices + edges.at[k], column, value);
        for (int i = 0; i < 3; ++i) sum[i] += value[i];
      }
      load_column<F, W>(fine, v, column, value);
      for (int i = 0; i < 3; ++i)
        coarse[(static_cast<std::size_t>(v) * 3 + i) * W + column] = value[i] + T(0.5) * sum[i];
    }
  };
  struct Prolong {
    static __device__ void at(Index k, int column, EdgeGraph edges, const T* coarse, Word* d,
                              Word* x) {
      const auto value = [&](Index vertex, int i) {
        return coarse[(static_cast<std::size_t>(vertex) * 3 + i) * W + column];
      };
      T change[3], sum[3];
      const bool vertex = k < edges.n_vertices;
      const Index* const ends =
          edges.ends + (vertex ? 0 : 2 * static_cast<std::size_t>(k - edges.n_vertices));
      const Index a = vertex ? k : ends[0], b = vertex ? k : ends[1];
      for (int i = 0; i < 3; ++i)
        change[i] = vertex ? value(a, i) : T(0.5) * (value(a, i) + value(b, i));
      store_column<F, W>(d, k, column, change);
      load_column<F, W>(x, k, column, sum);
      for (int i = 0; i < 3; ++i) sum[i] += change[i];
      store_column<F, W>(x, k, column, sum);
    }
  };

  static void take(Index, Index n, const double* factor, const double* x, Word* out) {
    FEMCRUST_LAUNCH_FREE((take_kernel<F, W>), blocks_for(static_cast<std::size_t>(n) * W), kThreads,
                         0, n, factors<W>(factor), x, out);
  }
  static void give(Index, Index n, const double* factor, const Word* x, double* z) {
    FEMCRUST_LAUNCH_FREE((give_kernel<F, W>), blocks_for(static_cast<std::size_t>(n) * W), kThreads,
                         0, n, factors<W>(factor), x, z);
  }
  static void subtract(Index, Index n, const Word* q, Word* r) {
    launch_nodes<W, Subtract>(n, q, r);
  }
  static void scale(Index, Index n, const T* blocks, const Word* r, Word* z) {
    launch_nodes<W, Scale>(n, blocks, r, z);
  }
  static void smooth(Index, Index n, const T* blocks, const Word* q, Word* r, T keep, T gain,
                     bool start, Word* d, Word* x) {
    launch_nodes<W, Smooth>(n, blocks, q, r, keep, gain, start, d, x);
  }
  static void add_rows(const BlockRows<T>& a, Index, Index n, const Word* x, Word* y) {
    launch_nodes<W, AddRows>(n, a, x, y);
  }
  static void project(const Index* nodes, const double* projectors, Index, Index n, Word* v) {
    launch_nodes<W, Project>(n, nodes, projectors, v);
  }
  static void restrict_to(const EdgeGraph& edges, Index, Index n, const Word* fine, T* coarse) {
    launch_nodes<W, Restrict>(n, edges, fine, coarse);
  }
  static void prolong(const EdgeGraph& edges, Index, Index n, const T* coarse, Word* d, Word* x) {
    launch_nodes<W, Prolong>(n, edges, coarse, d, x);
  }
};

template <class F, int W>
constexpr NodalTable<F> table() {
  using N = Nodal<F, W>;
  return {N::take,     N::give,    N::subtract,    N::scale,  N::smooth,
          N::add_rows, N::project, N::restrict_to, N::prolong};
}

}  // namespace

extern const NodalKernels nodal_kernels;
const NodalKernels nodal_kernels = {
    {table<Fp64, 1>(), table<Fp64, 4>(), table<Fp64, 8>(), table<Fp64, 16>()},
    {table<Fp32, 1>(), table<Fp32, 4>(), table<Fp32, 8>(), table<Fp32, 16>()},
    table<Fp21, 1>(),
    table<Shared18, 1>(),
    table<Bf16, 1>(),
    table<Fp16, 1>()};

}  // namespace femcrust::FEMCRUST_DEVICE
