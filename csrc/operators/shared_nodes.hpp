/// Vectors at the nodes that ranks share, where a backend works: sums over ranks, ghosts left out.
/// A body that no rank shares has none of this.
#pragma once
#include <memory>
#include <utility>

#include "operators/nodal_vectors.hpp"
#include "operators/shared_parts.hpp"

namespace femcrust {

/// Vectors are [n_rows][…] with a row for each node, in B's memory; one exchange at a time.
template <class B>
class SharedNodes {
 public:
  explicit SharedNodes(std::shared_ptr<const Halo> halo)
      : halo_(std::move(halo)), parts_(halo_), ghosts_(halo_->ghosts()) {}

  const Halo& halo() const { return *halo_; }

  /// Sends this rank's parts of y, in format F; `finish` makes them whole sums.
  template <class F>
  void start(int width, const typename F::Word* y) const {
    parts_.template start<F>(3 * static_cast<std::size_t>(width), y);
  }
  template <class F>
  void finish(int width, typename F::Word* y) const {
    parts_.template finish<F>(3 * static_cast<std::size_t>(width), y);
  }

  /// y's parts → whole sums; rows of `per` numbers.
  template <class T>
  void sum(std::size_t per, T* y) const {
    parts_.template start<Plain<T>>(per, y);
    parts_.template finish<Plain<T>>(per, y);
  }

  /// Zero at ghosts, so that a sum over all rows of all ranks takes each once.
  template <class Word>
  void hide_ghosts(std::size_t words, Word* v) const {
    ghosts_.clear(words, v);
  }
  /// What `work` does with v while ghosts are hidden.
  template <class Word, class Work>
  void without_ghosts(std::size_t words, Word* v, const Work& work) const {
    auto* const kept = space<Word>(first_, words);
    ghosts_.fetch(words, v, kept);
    hide_ghosts(words, v);
    work();
    ghosts_.put(words, kept, v);
  }

  /// The owner's values everywhere; rows of `per` numbers, or vectors in format F.
  template <class T>
  void agree(std::size_t per, T* v) const {
    hide_ghosts(per, v);
    sum(per, v);
  }
  template <class F>
  void agree_in(int width, typename F::Word* v) const {
    hide_ghosts(F::kWords * static_cast<std::size_t>(width), v);
    start<F>(width, v);
    finish<F>(width, v);
  }

  /// What the ghosts have added to the products x · y of each column, of vectors [rows][columns].
  template <class T>
  PerColumn ghosts_part(int columns, std::size_t per, const T* x, const T* y) const {
    const std::size_t n = ghosts_.rows().size() * per;
    T* const a = space<T>(first_, per);
    T* const b = space<T>(second_, per);
    ghosts_.fetch(per, x, a);
    ghosts_.fetch(per, y, b);
    PerColumn sum;
    for (std::size_t i = 0; i < n; ++i)
      sum[static_cast<int>(i % per) % columns] +=
          static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
  }

 private:
  /// Memory on the host for rows of the ghosts.
  template <class T>
  T* space(Array<std::uint64_t>& memory, std::size_t per) const {
    const std::size_t words = (ghosts_.rows().size() * per * sizeof(T) + 7) / 8;
    if (memory.size() < words) memory = Array<std::uint64_t>(words);
    return reinterpret_cast<T*>(memory.data());
  }

  std::shared_ptr<const Halo> halo_;
  SharedParts<B> parts_;
  ListedRows<B> ghosts_;
  mutable Array<std::uint64_t> first_, second_;
};

}  // namespace femcrust
