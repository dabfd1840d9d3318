/// Vectors at the nodes that ranks share, where a backend works: sums over ranks, ghosts left out.
/// A body that no rank shares has none of this.
#pragma once
#include <memory>
#include <utility>

#include "backends/listed_rows.hpp"
#include "comm/halo.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

/// Vectors are [n_rows][…] with a row for each node, in B's memory; one exchange at a time.
template <class B>
class SharedNodes {
 public:
  explicit SharedNodes(std::shared_ptr<const Halo> halo)
      : halo_(std::move(halo)), shared_(halo_->nodes()), ghosts_(halo_->ghosts()) {}

  const Halo& halo() const { return *halo_; }

  /// Sends this rank's parts of y, in format F; `finish` makes them whole sums.
  template <class F>
  void start(int width, const typename F::Word* y) const {
    using T = typename F::Real;
    const auto columns = static_cast<std::size_t>(width);
    if constexpr (kPlain<F>) {
      shared_.fetch(3 * columns, y, table<T>(3 * columns));
    } else {
      auto* const words = packed<typename F::Word>(F::kWords);
      shared_.fetch(F::kWords, y, words);
      T* const values = table<T>(3);
      for (std::size_t k = 0; k < size(); ++k) F::load(words + F::kWords * k, values + 3 * k);
    }
    halo_->start(3 * columns, table<T>(3 * columns));
  }
  template <class F>
  void finish(int width, typename F::Word* y) const {
    using T = typename F::Real;
    const auto columns = static_cast<std::size_t>(width);
    T* const values = table<T>(3 * columns);
    halo_->finish(3 * columns, values);
    if constexpr (kPlain<F>) {
      shared_.put(3 * columns, values, y);
    } else {
      auto* const words = packed<typename F::Word>(F::kWords);
      for (std::size_t k = 0; k < size(); ++k) F::store(words + F::kWords * k, values + 3 * k);
      shared_.put(F::kWords, words, y);
    }
  }

  /// y's parts → whole sums; rows of `per` numbers.
  template <class T>
  void sum(std::size_t per, T* y) const {
    T* const values = table<T>(per);
    shared_.fetch(per, y, values);
    halo_->sum(per, values);
    shared_.put(per, values, y);
  }

  /// Zero at ghosts, so that a sum over all rows of all ranks takes each once.
  template <class Word>
  void hide_ghosts(std::size_t words, Word* v) const {
    ghosts_.clear(words, v);
  }
  /// What `work` does with v while ghosts are hidden.
  template <class Word, class Work>
  void without_ghosts(std::size_t words, Word* v, const Work& work) const {
    auto* const kept = packed<Word>(words);
    ghosts_.fetch(words, v, kept);
    hide_ghosts(words, v);
    work();
    ghosts_.put(words, kept, v);
  }

  /// The owner's values everywhere.
  template <class T>
  void agree(std::size_t per, T* v) const {
    hide_ghosts(per, v);
    sum(per, v);
  }

  /// What the ghosts have added to the products x · y of each column, of vectors [rows][columns].
  template <class T>
  PerColumn ghosts_part(int columns, std::size_t per, const T* x, const T* y) const {
    const std::size_t n = ghosts_.rows().size() * per;
    T* const a = table<T>(per);
    T* const b = packed<T>(per);
    ghosts_.fetch(per, x, a);
    ghosts_.fetch(per, y, b);
    PerColumn sum;
    for (std::size_t i = 0; i < n; ++i)
      sum[static_cast<int>(i % per) % columns] +=
          static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
  }

 private:
  std::size_t size() const { return halo_->nodes().size(); }
  /// Memory on the host for rows of the shared nodes, as numbers and as words of a format.
  template <class T>
  T* table(std::size_t per) const {
    return space<T>(table_, per);
  }
  template <class Word>
  Word* packed(std::size_t words) const {
    return space<Word>(packed_, words);
  }
  template <class T>
  T* space(Array<std::uint64_t>& memory, std::size_t per) const {
    const std::size_t words = (size() * per * sizeof(T) + 7) / 8;
    if (memory.size() < words) memory = Array<std::uint64_t>(words);
    return reinterpret_cast<T*>(memory.data());
  }

  std::shared_ptr<const Halo> halo_;
  ListedRows<B> shared_, ghosts_;
  mutable Array<std::uint64_t> table_, packed_;
};

}  // namespace femcrust
