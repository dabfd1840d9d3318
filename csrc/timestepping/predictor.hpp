/// Next increment of a linear flow from past ones: what combination of earlier increments the last
/// one is, the next one is of those that followed them.
///
/// The increments of a two-stage scheme are of two kinds in turn, d¹ d² d¹ d² …, and one linear map
/// takes d¹ to d², another d² to the next d¹; so pairs are kept for each map. In each piece, a
/// range of nodes, with X the increments of the last one's kind before it and Y what followed them,
///   c = argmin ‖v − X c‖,   next = Y c.
/// Gram-Schmidt, newest first, drops a column of which less than kDrop of its length is new. It
/// runs on XᵀX, not on X: products of floats are exact in double and so are their sums but for
/// 1e-16, which leaves a column 1e-8 of its length. XᵀX grows by one row an increment, so a
/// prediction reads each column once and no column is written.
#pragma once
#include <deque>

#include "timestepping/histories.hpp"

namespace femcrust {

class Predictor {
 public:
  struct Pair {
    int earlier, next;  // slots: of the other kind, and of this
  };
  struct Kind {
    Array<float> columns;    // [pieces][slots][piece], unwritten where `count` has not come to
    Array<double> gram;      // [pieces][slots][slots]
    std::deque<Pair> pairs;  // newest first
    int count = 0;           // increments so far
  };

  Predictor(std::size_t n_values, std::size_t piece, int pairs)
      : pieces_{n_values, piece}, slots_(pairs + 1) {
    require(piece > 0 && 1 <= pairs && pairs <= kMostHistory, "piece, pairs: out of range");
    for (Kind& kind : kinds_) {
      kind.columns = Array<float>::unwritten(pieces() * slots() * piece);
      kind.gram = Array<double>(pieces() * slots() * slots());
    }
  }

  /// One more increment, after − before; of the first kind if the last was of the second, or of
  /// none.
  void learn(const double* before, const double* after) {
    const int k = last_kind_ == 0 ? 1 : 0;
    Kind& kind = kinds_[k];
    const int slot = kind.count % slots_;
    drop(k, slot);
    const int filled = std::min(++kind.count, slots_);
    pieces_.each([&](std::size_t p, std::size_t first, std::size_t n) {
      float* const x = column(kind, p, slot);
      for (std::size_t i = 0; i < n; ++i)
        x[i] = static_cast<float>(after[first + i] - before[first + i]);
      std::fill(x + n, x + piece(), 0.0f);
      double* const gram = kind.gram.data() + p * slots() * slots();
      for (int s = 0; s < filled; ++s)
        gram[at(slot, s)] = gram[at(s, slot)] = dot_of(n, x, column(kind, p, s));
    });
    if (last_kind_ >= 0) kind.pairs.push_front({last_slot_, slot});
    last_kind_ = k;
    last_slot_ = slot;
  }

  /// The next increment follows none; those before stay for the combination.
  void interrupt() { last_kind_ = -1; }

  /// As if nothing had been learned.
  void forget() {
    interrupt();
    for (Kind& kind : kinds_) {
      kind.count = 0;
      kind.pairs.clear();
    }
  }

  /// Pairs that the next prediction combines.
  int pairs() const {
    return last_kind_ < 0 ? 0 : static_cast<int>(kinds_[1 - last_kind_].pairs.size());
  }

  /// out = last + the next increment.
  void predict(const double* last, double* out) const {
    require(0 < pairs() && pairs() <= kMostHistory, "predict: no pair is known, or too many");
    const Kind &from = kinds_[last_kind_], &to = kinds_[1 - last_kind_];
    pieces_.each([&](std::size_t p, std::size_t first, std::size_t n) {
      double factors[kMostHistory];
      const double* const gram = from.gram.data() + p * slots() * slots();
      const auto earlier = [&](int i) { return to.pairs[static_cast<std::size_t>(i)].earlier; };
      combination(
          pairs(), [&](int i, int j) { return gram[at(earlier(i), earlier(j))]; },
          [&](int i) { return gram[at(earlier(i), last_slot_)]; }, kDrop * kDrop, factors);
      float* const sum = Cpu::scratch<float>(piece());
      std::fill(sum, sum + n, 0.0f);
      int pair = 0;
      for (const Pair& columns : to.pairs)
        if (const auto c = static_cast<float>(factors[pair++]); c != 0)
          add_multiple(n, c, column(to, p, columns.next), sum);
      for (std::size_t i = 0; i < n; ++i)
        out[first + i] = last[first + i] + static_cast<double>(sum[i]);
    });
  }

  // What has been learned, to be kept and given to another of the same sizes.
  const Kind& kind(int k) const { return kinds_[k]; }
  Kind& kind(int k) { return kinds_[k]; }
  int last_kind() const { return last_kind_; }
  int last_slot() const { return last_slot_; }
  void set_last(int kind, int slot) {
    require(-1 <= kind && kind < 2 && 0 <= slot && slot < slots_, "last: out of range");
    last_kind_ = kind;
    last_slot_ = slot;
  }
  std::size_t pieces() const { return pieces_.number(); }
  std::size_t slots() const { return static_cast<std::size_t>(slots_); }
  std::size_t piece() const { return pieces_.size; }

  std::size_t size() const { return pieces_.n; }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Kind& kind : kinds_) sum += kind.columns.bytes() + kind.gram.bytes();
    return sum;
  }

 private:
  // Noise of the solver is 1e-5 or so of an increment; more columns than that average it.
  static constexpr double kDrop = 1e-5;

  std::size_t at(int i, int j) const {
    return static_cast<std::size_t>(i) * slots() + static_cast<std::size_t>(j);
  }
  float* column(Kind& kind, std::size_t p, int slot) const {
    return kind.columns.data() + (p * slots() + static_cast<std::size_t>(slot)) * piece();
  }
  const float* column(const Kind& kind, std::size_t p, int slot) const {
    return kind.columns.data() + (p * slots() + static_cast<std::size_t>(slot)) * piece();
  }

  /// A column is about to be overwritten: pairs with it go.
  void drop(int k, int slot) {
    std::erase_if(kinds_[k].pairs, [slot](const Pair& pair) { return pair.next == slot; });
    std::erase_if(kinds_[1 - k].pairs, [slot](const Pair& pair) { return pair.earlier == slot; });
  }

  Pieces pieces_;
  int slots_;  // of each kind: pairs, and the last increment
  Kind kinds_[2];
  int last_kind_ = -1, last_slot_ = 0;
};

}  // namespace femcrust
