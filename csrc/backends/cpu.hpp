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
#include "core/columns.hpp"
#include "core/error.hpp"

/// One of the tables v2::table, v3::table, v4::table.
#ifdef FEMCRUST_X86
#define FEMCRUST_FOR_THIS_CPU(table)            \
  (Cpu::instruction_set() == "v4"   ? v4::table \
   : Cpu::instruction_set() == "v3" ? v3::table \
                                    : v2::table)
#else
#define FEMCRUST_FOR_THIS_CPU(table) v2::table
#endif

namespace femcrust {

class Cpu {
 public:
  template <class T>
  using Array = femcrust::Array<T>;
  static constexpr const char* kName = "cpu";
  static constexpr bool kOnHost = true;

  /// Memory that setup has written, where this backend works: here it stays.
  template <class T>
  static Array<T> placed(femcrust::Array<T> host) {
    return host;
  }
  template <class T>
  static void copy_in(const T* from, std::size_t n, Array<T>& to) {
    to.resize(n);
    std::copy(from, from + n, to.data());
  }
  template <class T>
  static void copy_out(const Array<T>& from, T* to) {
    std::copy(from.begin(), from.end(), to);
  }

  /// Devices record launches and replay them; here there is nothing to win.
  struct Recording {
    template <class F>
    void run(const F& work) {
      work();
    }
  };

  /// Waits for work that goes on behind the caller's back: here there is none.
  void synchronize() const {}

  /// Work in ranges [first, last) of at most `grain`, each by one thread.
  template <class F>
  void for_ranges(Index n, Index grain, const F& work) const {
    const Index pieces = (n + grain - 1) / grain;
#pragma omp parallel for schedule(static)
    for (Index piece = 0; piece < pieces; ++piece)
      work(piece * grain, std::min<Index>(n, (piece + 1) * grain));
  }

  /// y = a x + b y, a and b of each column.
  template <class T>
  void axpby(int columns, const PerColumn& a, const Array<T>& x, const PerColumn& b,
             Array<T>& y) const {
    axpby_in_lanes(LaneValues<T>(a, columns), x, LaneValues<T>(b, columns), y);
  }
  template <class T>
  void axpby(T a, const Array<T>& x, T b, Array<T>& y) const {
    axpby_in_lanes(LaneValues<T>(a), x, LaneValues<T>(b), y);
  }

  template <class T>
  PerColumn dot(int columns, const Array<T>& x, const Array<T>& y) const {
    return sum_pieces(columns, x.size(), [&](std::size_t first, std::size_t count, double* sums) {
      vectors<T>().dot(count, x.data() + first, y.data() + first, sums);
    });
  }
  template <class T>
  double dot(const Array<T>& x, const Array<T>& y) const {
    return dot(1, x, y)[0];
  }
  template <class T>
  double norm(const Array<T>& x) const {
    return std::sqrt(dot(x, x));
  }

  /// x += a p and r −= a q; returns r · r.
  template <class T>
  PerColumn advance(int columns, const PerColumn& a, const Array<T>& p, const Array<T>& q,
                    Array<T>& x, Array<T>& r) const {
    const LaneValues<T> step(a, columns);
    return sum_pieces(columns, x.size(), [&](std::size_t first, std::size_t count, double* sums) {
      vectors<T>().advance(count, step.lane, p.data() + first, q.data() + first, x.data() + first,
                           r.data() + first, sums);
    });
  }

  /// y [rows][to_width] from x [rows][width]: its column k is x's column from[k], zero where that
  /// is kZeroColumn, and stays as it is where that is kKeptColumn. x and y are different arrays.
  template <class T>
  void move_columns(const Array<T>& x, int width, const int* from, Array<T>& y,
                    int to_width) const {
    const auto w = static_cast<std::size_t>(width), to_w = static_cast<std::size_t>(to_width);
    const auto rows = static_cast<std::ptrdiff_t>(x.size() / w);
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
      const T* const row = x.data() + static_cast<std::size_t>(i) * w;
      T* const to = y.data() + static_cast<std::size_t>(i) * to_w;
      for (std::size_t k = 0; k < to_w; ++k)
        if (from[k] != kKeptColumn) to[k] = from[k] == kZeroColumn ? T(0) : row[from[k]];
    }
  }

  /// x = A r with a dense A [n][n]; r and x are [n][width].
  template <class T>
  void dense_product(int width, const Array<T>& a, const Array<T>& r, Array<T>& x) const {
    const auto w = static_cast<std::size_t>(width);
    const std::size_t n = r.size() / w;
    for_ranges(static_cast<Index>(n), 64, [&](Index first, Index last) {
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
        T sum[kMostColumns] = {};
        for (std::size_t j = 0; j < n; ++j)
          for (std::size_t c = 0; c < w; ++c) sum[c] += a[i * n + j] * r[j * w + c];
        std::copy(sum, sum + w, x.data() + i * w);
      }
    });
  }

  /// Kernels of the chosen instruction set.
  template <class T>
  static const VectorTable<T>& vectors() {
    const VectorKernels& kernels = FEMCRUST_FOR_THIS_CPU(vector_kernels);
    if constexpr (sizeof(T) == sizeof(float))
      return kernels.single;
    else
      return kernels.twofold;
  }

  /// Memory of the calling thread for one piece of work: on a cache line, kept between calls.
  template <class T>
  static T* scratch(std::size_t size) {
    static thread_local femcrust::Array<T> kept;
    if (kept.size() < size) kept = femcrust::Array<T>(size);
    return kept.data();
  }

  /// v2 (plain x86-64), v3 (AVX2) or v4 (AVX-512); `choose` is called once, at import.
  static const std::string& instruction_set() { return chosen(); }
  static void choose(const std::string& name) { chosen() = name; }

 private:
  static constexpr std::size_t kPiece = 8192;  // values, a multiple of the lanes

  template <class F>
  static void in_pieces(std::size_t n, const F& work) {
    const auto pieces = static_cast<std::ptrdiff_t>((n + kPiece - 1) / kPiece);
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t piece = 0; piece < pieces; ++piece) {
      const std::size_t first = static_cast<std::size_t>(piece) * kPiece;
      work(first, std::min(kPiece, n - first));
    }
  }

  template <class T>
  static void axpby_in_lanes(const LaneValues<T>& a, const Array<T>& x, const LaneValues<T>& b,
                             Array<T>& y) {
    in_pieces(x.size(), [&](std::size_t first, std::size_t count) {
      vectors<T>().axpby(count, a.lane, x.data() + first, b.lane, y.data() + first);
    });
  }

  /// Sums of each column; `work` leaves those of one piece in 16 lanes.
  template <class F>
  static PerColumn sum_pieces(int columns, std::size_t n, const F& work) {
    const std::size_t pieces = (n + kPiece - 1) / kPiece;
    double* const sums = scratch<double>(pieces * kMostColumns);
    in_pieces(n, [&](std::size_t first, std::size_t count) {
      work(first, count, sums + first / kPiece * kMostColumns);
    });
    PerColumn sum;
    for (std::size_t k = 0; k < pieces; ++k)
      for (int lane = 0; lane < kMostColumns; ++lane)
        sum[lane % columns] += sums[k * kMostColumns + static_cast<std::size_t>(lane)];
    return sum;
  }

  static std::string& chosen() {
    static std::string name = "v2";
    return name;
  }
};

}  // namespace femcrust
