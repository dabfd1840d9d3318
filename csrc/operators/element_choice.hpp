/// Which element product serves vectors in float on a device.
#pragma once
#include "backends/kernel_choice.hpp"

namespace femcrust {

/// In float by CUDA cores, or by Tensor Cores with one or two FP16 numbers in place of each float
/// (ebe_device_mma.hpp; 8 and 16 columns, others stay plain).
enum class ElementKernel { plain, mma1, mma2 };

inline KernelChoice<ElementKernel>& element_choice() {
  constexpr auto plain = ElementKernel::plain;
  // No card has measured the others yet; by their count they do not win.
  static KernelChoice<ElementKernel> choice(
      {"plain", "mma1", "mma2"},
      {{8, {plain, plain, plain, plain}}, {9, {plain, plain, plain, plain}}});
  return choice;
}

}  // namespace femcrust
