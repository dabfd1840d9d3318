/// Numbers of a level's matrix from how they were summed, blocks [R][C], to how they are kept
/// (core/level_entry.hpp), blocks [C][R]: of a column one after the other, so that lanes are rows.
#pragma once
#include "core/level_entry.hpp"

namespace femcrust {

template <class T>
struct Packing {
  const Index* begin;                      // [n + 1]
  const T* blocks;                         // [begin[n]][R][C]
  typename LevelEntry<T>::Stored* stored;  // [begin[n]][C][R]
  T* units;                                // [n][R]
};

template <class T>
using PackKernel = void (*)(const Packing<T>& packing, Index n);

/// By pair_slot of the size of a block.
struct PackingKernels {
  PackKernel<float> single[4];
  PackKernel<double> twofold[4];
};

namespace cuda {
extern const PackingKernels packing_kernels;
}
namespace emulated {
extern const PackingKernels packing_kernels;
}

}  // namespace femcrust
