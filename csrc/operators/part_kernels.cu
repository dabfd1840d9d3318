// See part_kernels.hpp. One thread for each number of a plain format, for each row of a packed one.
#include "operators/part_kernels.hpp"

#include "backends/device/launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {
namespace {

constexpr int kThreads = 256;

/// What one thread takes of a row: a number, or the three that are packed together.
template <class F>
struct Piece {
  using Word = typename F::Word;
  using T = typename F::Real;
  static constexpr int kNumbers = kPlain<F> ? 1 : 3;

  static __device__ std::size_t place(Index row, std::size_t per, std::size_t piece) {
    return kPlain<F> ? static_cast<std::size_t>(row) * per + piece
                     : static_cast<std::size_t>(row) * F::kWords;
  }
  static __device__ void load(const Word* at, T v[kNumbers]) {
    if constexpr (kPlain<F>)
      v[0] = *at;
    else
      F::load(at, v);
  }
  static __device__ void store(Word* at, const T v[kNumbers]) {
    if constexpr (kPlain<F>)
      *at = v[0];
    else
      F::store(at, v);
  }
};

template <class F>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void gather_parts(std::size_t n, const Index* gRows,
                                                              std::size_t per,
                                                              const typename F::Word* gFrom,
                                                              typename F::Real* gTable) {
  using P = Piece<F>;
  const std::size_t task = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (task >= n) return;
  const std::size_t pieces = per / P::kNumbers, k = task / pieces, piece = task % pieces;
  typename F::Real v[P::kNumbers];
  P::load(gFrom + P::place(gRows[k], per, piece), v);
  for (int i = 0; i < P::kNumbers; ++i) gTable[task * P::kNumbers + i] = v[i];
}

/// The first part begins the sum, as on the host: 0 + −0 would be another zero.
template <class F>
FEMCRUST_KERNEL __launch_bounds__(kThreads) void add_parts(std::size_t n, RowParts parts,
                                                           std::size_t per,
                                                           const typename F::Real* gCame,
                                                           typename F::Word* gY) {
  using P = Piece<F>;
  using T = typename F::Real;
  const std::size_t task = blockIdx.x * std::size_t{kThreads} + threadIdx.x;
  if (task >= n) return;
  const std::size_t pieces = per / P::kNumbers, k = task / pieces, piece = task % pieces;
  auto* const at = gY + P::place(parts.rows[k], per, piece);
  T own[P::kNumbers], sums[P::kNumbers];
  P::load(at, own);
  for (int i = 0; i < P::kNumbers; ++i) {
    const std::size_t number = piece * P::kNumbers + static_cast<std::size_t>(i);
    const auto part = [&](Index p) {
      const Index came = parts.parts[p];
      return came < 0 ? own[i] : gCame[static_cast<std::size_t>(came) * per + number];
    };
    const Index first = parts.begin[k];
    T sum = part(first);
    for (Index p = first + 1; p < parts.begin[k + 1]; ++p) sum += part(p);
    sums[i] = sum;
  }
  P::store(at, sums);
}

unsigned blocks_of(std::size_t n) {
  return static_cast<unsigned>((n + kThreads - 1) / kThreads);
}

template <class F>
void gather(Index n, const Index* rows, std::size_t per, const typename F::Word* from,
            typename F::Real* table) {
  const std::size_t all = static_cast<std::size_t>(n) * per / Piece<F>::kNumbers;
  FEMCRUST_LAUNCH_FREE((gather_parts<F>), blocks_of(all), kThreads, 0, all, rows, per, from, table);
}

template <class F>
void add(const RowParts& parts, std::size_t per, const typename F::Real* came,
         typename F::Word* y) {
  const std::size_t all = static_cast<std::size_t>(parts.n) * per / Piece<F>::kNumbers;
  FEMCRUST_LAUNCH_FREE((add_parts<F>), blocks_of(all), kThreads, 0, all, parts, per, came, y);
}

template <class F>
constexpr PartTable<F> table() {
  return {gather<F>, add<F>};
}

}  // namespace

extern const PartKernels part_kernels;
const PartKernels part_kernels = {table<Fp64>(),     table<Fp32>(), table<Fp21>(),
                                  table<Shared18>(), table<Bf16>(), table<Fp16>()};

}  // namespace femcrust::FEMCRUST_DEVICE
