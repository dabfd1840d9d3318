/// Vectors at the nodes that ranks share, where a backend works: sums over ranks, ghosts left out.
/// A body that no rank shares has none of this.
#pragma once
#include <memory>
#include <type_traits>
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
    hidden_.resize((ghosts_.rows().size() * words * sizeof(Word) + 7) / 8);
    auto* const kept = reinterpret_cast<Word*>(hidden_.data());
    ghosts_.gather(words, v, kept);
    hide_ghosts(words, v);
    work();
    ghosts_.scatter(words, kept, v);
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

  /// What the ghosts have added to the products x · y of each column, of vectors [rows][columns],
  /// `per` numbers a node.
  template <class T>
  PerColumn ghosts_part(int columns, std::size_t per, const T* x, const T* y) const {
    if (ghosts_.rows().empty()) return {};
    auto& [a, b] = factors<T>();
    for (const auto& [from, to] : {std::pair(x, &a), std::pair(y, &b)}) {
      to->resize(ghosts_.rows().size() * per);
      ghosts_.gather(per, from, to->data());
    }
    return B().dot(columns, a, b);
  }

 private:
  template <class T>
  using Factors = std::pair<ArrayOn<B, T>, ArrayOn<B, T>>;
  template <class T>
  Factors<T>& factors() const {
    if constexpr (std::is_same_v<T, double>)
      return twofold_;
    else
      return single_;
  }

  std::shared_ptr<const Halo> halo_;
  SharedParts<B> parts_;
  ListedRows<B> ghosts_;
  // Rows of the ghosts, where B works.
  mutable ArrayOn<B, std::uint64_t> hidden_;
  mutable Factors<double> twofold_;
  mutable Factors<float> single_;
};

}  // namespace femcrust
