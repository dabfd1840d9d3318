/// Vectors at the nodes that ranks share: sums over ranks, ghosts left out. A body that no rank
/// shares has none of this.
#pragma once
#include <memory>
#include <utility>

#include "comm/halo.hpp"
#include "operators/nodal_vectors.hpp"

namespace femcrust {

/// Rows of `words` at listed nodes, between a vector and a table of them alone.
template <class Word>
void gather_rows(const std::vector<Index>& nodes, std::size_t words, const Word* from,
                 Word* table) {
  const auto n = static_cast<std::ptrdiff_t>(nodes.size());
#pragma omp parallel for schedule(static)
  for (std::ptrdiff_t k = 0; k < n; ++k)
    std::copy_n(from + static_cast<std::size_t>(nodes[static_cast<std::size_t>(k)]) * words, words,
                table + static_cast<std::size_t>(k) * words);
}
template <class Word>
void scatter_rows(const std::vector<Index>& nodes, std::size_t words, const Word* table, Word* to) {
  const auto n = static_cast<std::ptrdiff_t>(nodes.size());
#pragma omp parallel for schedule(static)
  for (std::ptrdiff_t k = 0; k < n; ++k)
    std::copy_n(table + static_cast<std::size_t>(k) * words, words,
                to + static_cast<std::size_t>(nodes[static_cast<std::size_t>(k)]) * words);
}

/// Vectors are [n_rows][…] with a row for each node; one exchange at a time.
class SharedNodes {
 public:
  explicit SharedNodes(std::shared_ptr<const Halo> halo) : halo_(std::move(halo)) {}

  const Halo& halo() const { return *halo_; }

  /// Sends this rank's parts of y, in format F; `finish` makes them whole sums.
  template <class F>
  void start(int width, const typename F::Word* y) const {
    using T = typename F::Real;
    T* const table = space<T>(3 * static_cast<std::size_t>(width));
    if constexpr (kPlain<F>) {
      gather_rows(halo_->nodes(), 3 * static_cast<std::size_t>(width), y, table);
    } else {
      for (std::size_t k = 0; k < halo_->nodes().size(); ++k)
        F::load(y + F::kWords * static_cast<std::size_t>(halo_->nodes()[k]), table + 3 * k);
    }
    halo_->start(3 * static_cast<std::size_t>(width), table);
  }
  template <class F>
  void finish(int width, typename F::Word* y) const {
    using T = typename F::Real;
    T* const table = space<T>(3 * static_cast<std::size_t>(width));
    halo_->finish(3 * static_cast<std::size_t>(width), table);
    if constexpr (kPlain<F>) {
      scatter_rows(halo_->nodes(), 3 * static_cast<std::size_t>(width), table, y);
    } else {
      for (std::size_t k = 0; k < halo_->nodes().size(); ++k)
        F::store(y + F::kWords * static_cast<std::size_t>(halo_->nodes()[k]), table + 3 * k);
    }
  }

  /// y's parts → whole sums; rows of `per` numbers.
  template <class T>
  void sum(std::size_t per, T* y) const {
    T* const table = space<T>(per);
    gather_rows(halo_->nodes(), per, y, table);
    halo_->sum(per, table);
    scatter_rows(halo_->nodes(), per, table, y);
  }

  /// Zero at ghosts, so that a sum over all rows of all ranks takes each once.
  template <class Word>
  void hide_ghosts(std::size_t words, Word* v) const {
    for (const Index node : halo_->ghosts())
      std::fill_n(v + static_cast<std::size_t>(node) * words, words, Word{});
  }
  /// What `work` does with v while ghosts are hidden.
  template <class Word, class Work>
  void without_ghosts(std::size_t words, Word* v, const Work& work) const {
    Array<Word> kept(halo_->ghosts().size() * words);
    gather_rows(halo_->ghosts(), words, v, kept.data());
    hide_ghosts(words, v);
    work();
    scatter_rows(halo_->ghosts(), words, kept.data(), v);
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
    PerColumn sum;
    for (const Index node : halo_->ghosts())
      for (std::size_t i = 0; i < per; ++i) {
        const std::size_t at = static_cast<std::size_t>(node) * per + i;
        sum[static_cast<int>(i) % columns] +=
            static_cast<double>(x[at]) * static_cast<double>(y[at]);
      }
    return sum;
  }

 private:
  /// Memory for a table of the shared nodes.
  template <class T>
  T* space(std::size_t per) const {
    const std::size_t words = (halo_->nodes().size() * per * sizeof(T) + 7) / 8;
    if (table_.size() < words) table_ = Array<std::uint64_t>(words);
    return reinterpret_cast<T*>(table_.data());
  }

  std::shared_ptr<const Halo> halo_;
  mutable Array<std::uint64_t> table_;
};

}  // namespace femcrust
