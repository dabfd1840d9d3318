/// What this machine can do at most, measured: the rates that kernels are held against.
#pragma once
#include <cstring>

#include "backends/cpu.hpp"
#include "backends/peak_kernels.hpp"
#include "bindings/arrays.hpp"

namespace femcrust {

/// Bytes read and written a second by copies of `bytes`, all threads: the best of `repeats`.
inline double copy_bandwidth(std::size_t bytes, int repeats) {
  const Array<char> from(bytes, 1);
  Array<char> to(bytes);
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  const Cpu cpu;
  double best = 0;
  for (int k = 0; k < repeats; ++k) {
    const double start = omp_get_wtime();
    cpu.for_ranges(static_cast<Index>((bytes + kPiece - 1) / kPiece), 1, [&](Index piece, Index) {
      const std::size_t first = static_cast<std::size_t>(piece) * kPiece;
      std::memcpy(to.data() + first, from.data() + first, std::min(kPiece, bytes - first));
    });
    best = std::max(best, 2 * static_cast<double>(bytes) / (omp_get_wtime() - start));
  }
  return best;
}

/// Flops a second of fused multiply-adds in T, all threads: the best of `repeats`.
template <class T>
double peak_flops(int repeats) {
  constexpr std::int64_t kTurns = 2'000'000;
  const PeakKernels& kernels = FEMCRUST_FOR_THIS_CPU(peak_kernels);
  double best = 0;
  for (int k = 0; k < repeats; ++k) {
    std::int64_t flops = 0;
    const double start = omp_get_wtime();
#pragma omp parallel reduction(+ : flops)
    {
      T sink = T(0.5);
      if constexpr (sizeof(T) == sizeof(float))
        flops += kernels.single(kTurns, &sink);
      else
        flops += kernels.twofold(kTurns, &sink);
      if (sink == T(0)) flops = 0;  // never: but the result is used
    }
    best = std::max(best, static_cast<double>(flops) / (omp_get_wtime() - start));
  }
  return best;
}

inline void bind_peak(py::module_& m) {
  m.def("copy_bandwidth", copy_bandwidth, py::arg("bytes"), py::arg("repeats"));
  m.def("single_flops", peak_flops<float>, py::arg("repeats"));
  m.def("double_flops", peak_flops<double>, py::arg("repeats"));
}

}  // namespace femcrust
