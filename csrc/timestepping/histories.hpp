/// What guesses from past solutions share: long vectors taken piece by piece by all threads, and
/// the combination of columns that fits best, from their products.
#pragma once
#include "backends/cpu.hpp"
#include "core/array.hpp"

namespace femcrust {

constexpr int kMostHistory = 32;  // columns of one combination

/// A vector of n values in pieces of one size, the last one shorter.
struct Pieces {
  std::size_t n, size;

  std::size_t number() const { return (n + size - 1) / size; }
  /// work(piece, its first value, its number of values), in any order.
  template <class F>
  void each(const F& work) const {
    const auto pieces = static_cast<std::ptrdiff_t>(number());
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t p = 0; p < pieces; ++p) {
      const std::size_t first = static_cast<std::size_t>(p) * size;
      work(static_cast<std::size_t>(p), first, std::min(size, n - first));
    }
  }
};

template <class T>
double dot_of(std::size_t n, const T* x, const T* y) {
  double lanes[kMostColumns], sum = 0;
  Cpu::vectors<T>().dot(n, x, y, lanes);
  for (const double lane : lanes) sum += lane;
  return sum;
}

/// y += factor x
template <class T>
void add_multiple(std::size_t n, T factor, const T* x, T* y) {
  Cpu::vectors<T>().axpby(n, LaneValues<T>(factor).lane, x, LaneValues<T>(1).lane, y);
}

/// Least squares by Cholesky's factors of the products gram(i, j), i ≥ j, of n columns with each
/// other, right(i) being those with what is fitted: Gram-Schmidt in their order. Zero for a column
/// of whose square the part `least` or less is new.
template <class Gram, class Right>
void combination(int n, const Gram& gram, const Right& right, double least, double* factors) {
  double lower[kMostHistory][kMostHistory], y[kMostHistory];
  int kept[kMostHistory], rank = 0;
  for (int column = 0; column < n; ++column) {
    double* const row = lower[rank];
    double rest = gram(column, column), b = right(column);
    for (int i = 0; i < rank; ++i) {
      double sum = gram(column, kept[i]);
      for (int j = 0; j < i; ++j) sum -= row[j] * lower[i][j];
      row[i] = sum / lower[i][i];
      rest -= row[i] * row[i];
      b -= row[i] * y[i];
    }
    factors[column] = 0;
    if (!(rest > least * gram(column, column))) continue;
    row[rank] = std::sqrt(rest);
    y[rank] = b / row[rank];
    kept[rank++] = column;
  }
  for (int i = rank; i-- > 0;) {
    for (int j = i + 1; j < rank; ++j) y[i] -= lower[j][i] * factors[kept[j]];
    factors[kept[i]] = y[i] / lower[i][i];
  }
}

}  // namespace femcrust
