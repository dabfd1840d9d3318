/// Some rows of vectors that lie where a backend works, as tables there or on the host.
#pragma once
#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "backends/cpu.hpp"
#include "backends/cuda.hpp"
#include "backends/row_kernels.hpp"

namespace femcrust {

template <class B>
class ListedRows;

template <>
class ListedRows<Cpu> {
 public:
  explicit ListedRows(std::vector<Index> rows) : rows_(std::move(rows)) {}

  const std::vector<Index>& rows() const { return rows_; }

  /// table[k] = from[rows[k]], rows of `words`
  template <class Word>
  void fetch(std::size_t words, const Word* from, Word* table) const {
    each([&](std::size_t k, std::size_t row) {
      std::copy_n(from + row * words, words, table + k * words);
    });
  }
  template <class Word>
  void put(std::size_t words, const Word* table, Word* to) const {
    each([&](std::size_t k, std::size_t row) {
      std::copy_n(table + k * words, words, to + row * words);
    });
  }
  /// As `fetch` and `put`, with a table where the backend works.
  template <class Word>
  void gather(std::size_t words, const Word* from, Word* table) const {
    fetch(words, from, table);
  }
  template <class Word>
  void scatter(std::size_t words, const Word* table, Word* to) const {
    put(words, table, to);
  }
  template <class Word>
  void clear(std::size_t words, Word* to) const {
    each([&](std::size_t, std::size_t row) { std::fill_n(to + row * words, words, Word{}); });
  }

 private:
  template <class F>
  void each(const F& copy) const {
    const auto n = static_cast<std::ptrdiff_t>(rows_.size());
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t k = 0; k < n; ++k)
      copy(static_cast<std::size_t>(k),
           static_cast<std::size_t>(rows_[static_cast<std::size_t>(k)]));
  }

  std::vector<Index> rows_;
};

template <>
class ListedRows<Cuda> {
 public:
  explicit ListedRows(std::vector<Index> rows) : rows_(std::move(rows)) {
    Cuda::copy_in(rows_.data(), rows_.size(), on_device_);
  }

  const std::vector<Index>& rows() const { return rows_; }

  template <class Word>
  void fetch(std::size_t words, const Word* from, Word* table) const {
    if (rows_.empty()) return;
    const std::size_t units = units_of<Word>(words);
    staged_.resize(rows_.size() * units);
    gather(words, from, reinterpret_cast<Word*>(staged_.data()));
    Cuda::runtime().copy_out(table, staged_.data(), staged_.size() * sizeof(Unit));
  }
  template <class Word>
  void put(std::size_t words, const Word* table, Word* to) const {
    if (rows_.empty()) return;
    const std::size_t units = units_of<Word>(words);
    staged_.resize(rows_.size() * units);
    Cuda::runtime().copy_in(staged_.data(), table, staged_.size() * sizeof(Unit));
    scatter(words, reinterpret_cast<const Word*>(staged_.data()), to);
  }
  template <class Word>
  void gather(std::size_t words, const Word* from, Word* table) const {
    if (rows_.empty()) return;
    kernels().gather(count(), on_device_.data(), units_of<Word>(words),
                     reinterpret_cast<const Unit*>(from), reinterpret_cast<Unit*>(table));
  }
  template <class Word>
  void scatter(std::size_t words, const Word* table, Word* to) const {
    if (rows_.empty()) return;
    kernels().scatter(count(), on_device_.data(), units_of<Word>(words),
                      reinterpret_cast<const Unit*>(table), reinterpret_cast<Unit*>(to));
  }
  template <class Word>
  void clear(std::size_t words, Word* to) const {
    if (rows_.empty()) return;
    kernels().scatter(count(), on_device_.data(), units_of<Word>(words), nullptr,
                      reinterpret_cast<Unit*>(to));
  }

 private:
  using Unit = RowKernels::Unit;
  static const RowKernels& kernels() { return FEMCRUST_FOR_THIS_DEVICE(row_kernels); }
  template <class Word>
  static constexpr std::size_t units_of(std::size_t words) {
    static_assert(sizeof(Word) % sizeof(Unit) == 0);
    return words * (sizeof(Word) / sizeof(Unit));
  }
  Index count() const { return static_cast<Index>(rows_.size()); }

  std::vector<Index> rows_;
  DeviceArray<Index> on_device_;
  mutable DeviceArray<Unit> staged_;  // one copy at a time
};

}  // namespace femcrust
