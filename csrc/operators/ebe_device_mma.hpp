/// The element product in float on Tensor Cores, for 8 and 16 columns: the nine differences of an
/// element's values from its first node, in one direction, become nine modes of the displacement
/// gradient by a constant matrix, and nine tractions become ten forces by its transpose; gradients
/// and stress are made in float between. Layout, sums and faces are those of ebe_device.hpp.
///
/// The matrix has entries 0, ±1, −2, exact in FP16. Its factors are scaled by a power of two for
/// each element, column and direction and split in FP16 numbers: one (11 bits), or two whose sum
/// has 22. Sums are in float.
///
/// Three such recastings were counted, for 16 columns; numbers per element and column, bytes of
/// device memory at 4.8 TB/s, of shared memory at 31 TB/s, and operations:
///                          device memory     shared memory      float      half
///   plain (ebe_device.hpp)   91 B   19 ps     360 B   12 ps      620         –     9 ps
///   (a) constant matrix      91 B   19 ps    1150 B   37 ps     1000     3 072
///   (b) like elements        90 B   19 ps     640 B   21 ps      130     2 048
///   (c) stored K_e, FP16    149 B   31 ps     640 B   21 ps      130     2 048
/// (a) is what this file declares, with one split; two add 160 B and 200 operations. (b) multiplies
/// one K_e, 32×32 when padded, with the values of all elements that are congruent to it, as most
/// are in an octree of cubes; (c) keeps K_e, 930 B, for every element. Device memory bounds the
/// plain product, which the matrix units leave alone, so none of them can win clearly.
#pragma once
#include "operators/ebe_device.hpp"

namespace femcrust {

/// As DeviceEbeTable::product, by FP16 numbers in a factor, then width.
struct DeviceMmaKernels {
  static constexpr int kFirstWidth = 2;  // slot of the first width that is served
  DeviceProduct<Fp32> product[2][2];     // [1 or 2 numbers][8 or 16 columns]
};

namespace cuda {
extern const DeviceMmaKernels ebe_mma_kernels;
}
namespace emulated {
extern const DeviceMmaKernels ebe_mma_kernels;
}

}  // namespace femcrust
