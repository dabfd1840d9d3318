// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see nodal_kernels.hpp.
#include "operators/nodal_kernels.hpp"

#include "operators/nodal_access.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

template <class F, int W>
void take(Index first, Index last, const double* factor, const double* x, typename F::Word* out) {
  for (Index k = first; k < last; ++k) {
    const double* const from = x + static_cast<std::size_t>(k) * 3 * W;
    typename F::Real v[3 * W];
    for (int i = 0; i < 3; ++i)
      for (int c = 0; c < W; ++c)
        v[i * W + c] = static_cast<typename F::Real>(factor[c] * from[i * W + c]);
    store_node<F, W>(out, k, v);
  }
}

template <class F, int W>
void give(Index first, Index last, const double* factor, const typename F::Word* x, double* z) {
  for (Index k = first; k < last; ++k) {
    typename F::Real v[3 * W];
    load_node<F, W>(x, k, v);
    double* const to = z + static_cast<std::size_t>(k) * 3 * W;
    for (int i = 0; i < 3; ++i)
      for (int c = 0; c < W; ++c) to[i * W + c] = factor[c] * static_cast<double>(v[i * W + c]);
  }
}

template <class F, int W>
void subtract(Index first, Index last, const typename F::Word* q, typename F::Word* r) {
  for (Index k = first; k < last; ++k) {
    typename F::Real a[3 * W], b[3 * W];
    load_node<F, W>(q, k, a);
    load_node<F, W>(r, k, b);
    for (int i = 0; i < 3 * W; ++i) b[i] -= a[i];
    store_node<F, W>(r, k, b);
  }
}

/// out = D v of one node, D = (xx, yy, zz, xy, xz, yz).
template <class T, int W>
FEMCRUST_INLINE void multiply(const T* d, const T* v, T* out) {
  for (int c = 0; c < W; ++c) {
    const T x = v[c], y = v[W + c], z = v[2 * W + c];
    out[c] = d[0] * x + d[3] * y + d[4] * z;
    out[W + c] = d[3] * x + d[1] * y + d[5] * z;
    out[2 * W + c] = d[4] * x + d[5] * y + d[2] * z;
  }
}

template <class F, int W>
void scale(Index first, Index last, const typename F::Real* blocks, const typename F::Word* r,
           typename F::Word* z) {
  using T = typename F::Real;
  for (Index k = first; k < last; ++k) {
    T residual[3 * W], scaled[3 * W];
    load_node<F, W>(r, k, residual);
    multiply<T, W>(blocks + static_cast<std::size_t>(k) * 6, residual, scaled);
    store_node<F, W>(z, k, scaled);
  }
}

template <class F, int W>
void smooth(Index first, Index last, const typename F::Real* blocks, const typename F::Word* q,
            typename F::Word* r, typename F::Real keep, typename F::Real gain, bool start,
            typename F::Word* d, typename F::Word* x) {
  using T = typename F::Real;
  for (Index k = first; k < last; ++k) {
    T residual[3 * W], change[3 * W] = {}, scaled[3 * W];
    load_node<F, W>(r, k, residual);
    if (q != nullptr) {
      T product[3 * W];
      load_node<F, W>(q, k, product);
      for (int i = 0; i < 3 * W; ++i) residual[i] -= product[i];
      store_node<F, W>(r, k, residual);
    }
    if (keep != T(0)) load_node<F, W>(d, k, change);
    multiply<T, W>(blocks + static_cast<std::size_t>(k) * 6, residual, scaled);
    for (int i = 0; i < 3 * W; ++i) change[i] = keep * change[i] + gain * scaled[i];
    store_node<F, W>(d, k, change);
    if (!start) {
      T sum[3 * W];
      load_node<F, W>(x, k, sum);
      for (int i = 0; i < 3 * W; ++i) change[i] += sum[i];
    }
    store_node<F, W>(x, k, change);
  }
}

template <class F, int W>
void add_rows(const BlockRows<typename F::Real>& a, Index first, Index last,
              const typename F::Word* x, typename F::Word* y) {
  using T = typename F::Real;
  for (Index k = first; k < last; ++k) {
    const Index row = a.rows == nullptr ? k : a.rows[k];
    T sum[3 * W], v[3 * W];
    load_node<F, W>(y, row, sum);
    for (Index entry = a.begin[k]; entry < a.begin[k + 1]; ++entry) {
      const T* const block = a.blocks + static_cast<std::size_t>(entry) * 9;
      load_node<F, W>(x, a.columns[entry], v);
      for (int i = 0; i < 3; ++i)
        for (int c = 0; c < W; ++c)
          sum[i * W + c] +=
              block[3 * i] * v[c] + block[3 * i + 1] * v[W + c] + block[3 * i + 2] * v[2 * W + c];
    }
    store_node<F, W>(y, row, sum);
  }
}

template <class F, int W>
void project(const Index* nodes, const double* projectors, Index first, Index last,
             typename F::Word* v) {
  using T = typename F::Real;
  for (Index k = first; k < last; ++k) {
    const double* const q = projectors + static_cast<std::size_t>(k) * 9;
    T old[3 * W], kept[3 * W];
    load_node<F, W>(v, nodes[k], old);
    for (int i = 0; i < 3; ++i)
      for (int c = 0; c < W; ++c)
        kept[i * W + c] = static_cast<T>(q[3 * i] * static_cast<double>(old[c]) +
                                         q[3 * i + 1] * static_cast<double>(old[W + c]) +
                                         q[3 * i + 2] * static_cast<double>(old[2 * W + c]));
    store_node<F, W>(v, nodes[k], kept);
  }
}

template <class F, int W>
void restrict_to(const EdgeGraph& edges, Index first, Index last, const typename F::Word* fine,
                 typename F::Real* coarse) {
  using T = typename F::Real;
  for (Index v = first; v < last; ++v) {
    T sum[3 * W] = {}, value[3 * W];
    for (Index k = edges.begin[v]; k < edges.begin[v + 1]; ++k) {
      load_node<F, W>(fine, edges.n_vertices + edges.at[k], value);
      for (int i = 0; i < 3 * W; ++i) sum[i] += value[i];
    }
    load_node<F, W>(fine, v, value);
    T* const to = coarse + static_cast<std::size_t>(v) * 3 * W;
    for (int i = 0; i < 3 * W; ++i) to[i] = value[i] + T(0.5) * sum[i];
  }
}

template <class F, int W>
void prolong(const EdgeGraph& edges, Index first, Index last, const typename F::Real* coarse,
             typename F::Word* d, typename F::Word* x) {
  using T = typename F::Real;
  for (Index k = first; k < last; ++k) {
    T change[3 * W], sum[3 * W];
    if (k < edges.n_vertices) {
      const T* const from = coarse + static_cast<std::size_t>(k) * 3 * W;
      for (int i = 0; i < 3 * W; ++i) change[i] = from[i];
    } else {
      const Index* const ends = edges.ends + 2 * static_cast<std::size_t>(k - edges.n_vertices);
      const T* const a = coarse + static_cast<std::size_t>(ends[0]) * 3 * W;
      const T* const b = coarse + static_cast<std::size_t>(ends[1]) * 3 * W;
      for (int i = 0; i < 3 * W; ++i) change[i] = T(0.5) * (a[i] + b[i]);
    }
    store_node<F, W>(d, k, change);
    load_node<F, W>(x, k, sum);
    for (int i = 0; i < 3 * W; ++i) sum[i] += change[i];
    store_node<F, W>(x, k, sum);
  }
}

template <class F, int W>
constexpr NodalTable<F> table() {
  return {take<F, W>,     give<F, W>,    subtract<F, W>,    scale<F, W>,  smooth<F, W>,
          add_rows<F, W>, project<F, W>, restrict_to<F, W>, prolong<F, W>};
}

}  // namespace

extern const NodalKernels nodal_kernels = {
    {table<Fp64, 1>(), table<Fp64, 4>(), table<Fp64, 8>(), table<Fp64, 16>()},
    {table<Fp32, 1>(), table<Fp32, 4>(), table<Fp32, 8>(), table<Fp32, 16>()},
    table<Fp21, 1>(),
    table<Shared18, 1>(),
    table<Bf16, 1>(),
    table<Fp16, 1>()};

}  // namespace femcrust::FEMCRUST_ISA
