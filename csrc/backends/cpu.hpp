/// The CPU: OpenMP threads over ranges, kernels of the best instruction set found at run time.
///
/// Sums are taken over fixed pieces and added in order, so results do not depend on the number of
/// threads, bit for bit.
#pragma once
#include <omp.h>

#include <cmath>
#include <string>
#include <vector>

#include "backends/vector_kernels.hpp"
#include "core/array.hpp"
#include "core/error.hpp"

namespace femcrust {

class Cpu {
 public:
  template <class T>
  using Array = femcrust::Array<T>;
  static constexpr const char* kName = "cpu";

  /// Work in ranges [first, last) of at most `grain`, each by one thread.
  template <class F>
  void for_ranges(Index n, Index grain, const F& work) const {
    const Index pieces = (n + grain - 1) / grain;
#pragma omp parallel for schedule(static)
    for (Index piece = 0; piece < pieces; ++piece)
      work(piece * grain, std::min<Index>(n, (piece + 1) * grain));
  }

  template <class T>
  void axpby(T a, const Array<T>& x, T b, Array<T>& y) const {
    in_pieces(x.size(), [&](std::size_t first, std::size_t count) {
      vectors<T>().axpby(count, a, x.data() + first, b, y.data() + first);
    });
  }

  template <class T>
  double dot(const Array<T>& x, const Array<T>& y) const {
    std::vector<double> sums((x.size() + kPiece - 1) / kPiece);
    in_pieces(x.size(), [&](std::size_t first, std::size_t count) {
      sums[first / kPiece] = vectors<T>().dot(count, x.data() + first, y.data() + first);
    });
    double sum = 0;
    for (const double part : sums) sum += part;
    return sum;
  }

  template <class T>
  double norm(const Array<T>& x) const {
    return std::sqrt(dot(x, x));
  }

  template <class From, class To>
  void convert(double factor, const Array<From>& x, Array<To>& y) const {
    in_pieces(x.size(), [&](std::size_t first, std::size_t count) {
      for (std::size_t i = first; i < first + count; ++i)
        y[i] = static_cast<To>(factor * static_cast<double>(x[i]));
    });
  }

  /// Kernels of the chosen instruction set.
  template <class T>
  static const VectorTable<T>& vectors() {
    if constexpr (sizeof(T) == sizeof(float))
      return vector_kernels().single;
    else
      return vector_kernels().twofold;
  }

  /// v2 (plain x86-64), v3 (AVX2) or v4 (AVX-512); `choose` is called once, at import.
  static const std::string& instruction_set() { return chosen(); }
  static void choose(const std::string& name) { chosen() = name; }

 private:
  static constexpr std::size_t kPiece = 8192;

  template <class F>
  static void in_pieces(std::size_t n, const F& work) {
    const auto pieces = static_cast<std::ptrdiff_t>((n + kPiece - 1) / kPiece);
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t piece = 0; piece < pieces; ++piece) {
      const std::size_t first = static_cast<std::size_t>(piece) * kPiece;
      work(first, std::min(kPiece, n - first));
    }
  }

  static std::string& chosen() {
    static std::string name = "v2";
    return name;
  }
  static const VectorKernels& vector_kernels() {
#ifdef FEMCRUST_X86
    if (chosen() == "v4") return v4::vector_kernels;
    if (chosen() == "v3") return v3::vector_kernels;
#endif
    return v2::vector_kernels;
  }
};

}  // namespace femcrust
