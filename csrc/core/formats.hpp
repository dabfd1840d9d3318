/// Formats in which the preconditioner keeps its nodal vectors: memory is narrow, arithmetic is
/// not.
///
/// This is the one place that converts. Every format has the same face, so that a kernel takes it
/// as an argument: a node is `kWords` consecutive `Word`s, `load` makes three `Real`s of them, and
/// `store` rounds to nearest, ties to even. Rules that hold for all:
///  * |error| ≤ kRoundoff |v| where kSmallestNormal ≤ |v| ≤ kLargest (Shared18: of the node's
///    largest component); below, numbers lose digits gradually; zero is exact, also as bytes of 0;
///  * a finite number stays finite: above kLargest it becomes kLargest;
///  * infinity and NaN never become finite; a caller whose range may leave the format scales by a
///    power of two.
#pragma once
#include "core/fp21.hpp"
#include "core/half.hpp"
#include "core/shared_exponent.hpp"

namespace femcrust {

/// The numbers themselves.
template <class T>
struct Unpacked {
  using Word = T;
  using Real = T;
  static constexpr int kWords = 3;

  FEMCRUST_INLINE void load(const Word* node, Real v[3]) {
    for (int i = 0; i < 3; ++i) v[i] = node[i];
  }
  FEMCRUST_INLINE void store(Word* node, const Real v[3]) {
    for (int i = 0; i < 3; ++i) node[i] = v[i];
  }
};

struct Fp64 : Unpacked<double> {
  static constexpr const char* kName = "fp64";
  static constexpr double kRoundoff = 0;  // against Real: nothing is rounded
  static constexpr double kLargest = 0x1.fffffffffffffp1023;
  static constexpr double kSmallestNormal = 0x1p-1022;
};

struct Fp32 : Unpacked<float> {
  static constexpr const char* kName = "fp32";
  static constexpr float kRoundoff = 0;
  static constexpr float kLargest = 0x1.fffffep127f;
  static constexpr float kSmallestNormal = 0x1p-126f;
};

/// Formats that hold plain numbers serve many columns; packed ones serve one.
template <class F>
constexpr bool kPlain = sizeof(typename F::Word) == sizeof(typename F::Real) && F::kWords == 3;

}  // namespace femcrust
