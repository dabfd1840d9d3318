// Compiled with FEMCRUST_ISA = v2, v3, v4 and the matching -march; see level_product.hpp.
#include "operators/level_product.hpp"

#include <type_traits>

#include "core/lanes.hpp"

namespace femcrust::FEMCRUST_ISA {
namespace {

template <class T>
using Stored = typename LevelEntry<T>::Stored;
constexpr int kLanes = 8;

/// By way of whole numbers, for which GCC knows one instruction.
template <class T>
FEMCRUST_INLINE Lanes<T, kLanes> numbers(Lanes<Stored<T>, kLanes> stored) {
  if constexpr (std::is_same_v<T, Stored<T>>)
    return stored;
  else
    return __builtin_convertvector(__builtin_convertvector(stored, Lanes<std::int32_t, kLanes>),
                                   Lanes<T, kLanes>);
}

/// y = A x for one column. Eight lanes are the rows of a block; the last take numbers of what
/// follows, and are dropped. Four would do for blocks of three rows, but GCC makes floats of four
/// 16-bit numbers one by one.
template <class T, int R, int C>
void product_of_one(const LevelRows<T>& a, Index first, Index last, const T* __restrict x,
                    T* __restrict y) {
  static_assert(kLanes - R <= kBeyondEntries);
  using Rows = Lanes<T, kLanes>;
  for (Index k = first; k < last; ++k) {
    Rows sum = {};
    for (Index entry = a.begin[k]; entry < a.begin[k + 1]; ++entry) {
      const auto* const block = a.entries + static_cast<std::size_t>(entry) * (R * C);
      const T* const v = x + static_cast<std::size_t>(a.columns[entry]) * C;
      for (int j = 0; j < C; ++j) sum += numbers<T>(load<Stored<T>, kLanes>(block + j * R)) * v[j];
    }
    const auto row = static_cast<std::size_t>(k) * R;
    for (int i = 0; i < R; ++i) y[row + i] = a.units[row + i] * sum[i];
  }
}

/// y = A x for W columns, as many at a time as a register holds: lanes are columns.
template <class T, int R, int C, int W>
void product(const LevelRows<T>& a, Index first, Index last, const T* __restrict x,
             T* __restrict y) {
  constexpr int kRegister = kVectorBytes / static_cast<int>(sizeof(T));
  constexpr int kColumns = W < kRegister ? W : kRegister;
  constexpr int kPieces = (R * C + kLanes - 1) / kLanes;
  static_assert(kPieces * kLanes - R * C <= kBeyondEntries && W % kColumns == 0);
  using Row = Lanes<T, kColumns>;
  for (Index k = first; k < last; ++k) {
    const auto row = static_cast<std::size_t>(k) * R;
    for (int column = 0; column < W; column += kColumns) {
      Row sum[R] = {};
      for (Index entry = a.begin[k]; entry < a.begin[k + 1]; ++entry) {
        const auto* const stored = a.entries + static_cast<std::size_t>(entry) * (R * C);
        const T* const v = x + static_cast<std::size_t>(a.columns[entry]) * (C * W) + column;
        T block[kPieces * kLanes];
        for (int piece = 0; piece < kPieces * kLanes; piece += kLanes)
          store<T, kLanes>(block + piece, numbers<T>(load<Stored<T>, kLanes>(stored + piece)));
        for (int j = 0; j < C; ++j)
          for (int i = 0; i < R; ++i) sum[i] += block[j * R + i] * load<T, kColumns>(v + j * W);
      }
      for (int i = 0; i < R; ++i)
        store<T, kColumns>(y + (row + i) * W + column, a.units[row + i] * sum[i]);
    }
  }
}

#define FEMCRUST_WIDTHS(R, C) \
  {product_of_one<T, R, C>, product<T, R, C, 4>, product<T, R, C, 8>, product<T, R, C, 16>}

template <class T>
constexpr LevelProductTable<T> table() {
  return {
      {FEMCRUST_WIDTHS(3, 3), FEMCRUST_WIDTHS(3, 6), FEMCRUST_WIDTHS(6, 3), FEMCRUST_WIDTHS(6, 6)}};
}

}  // namespace

extern const LevelProducts level_products = {table<float>(), table<double>()};

}  // namespace femcrust::FEMCRUST_ISA
