/// Storage formats by name.
#pragma once
#include <string>

#include "core/error.hpp"
#include "core/formats.hpp"

namespace femcrust {

/// f(F{}) with the storage format of that name.
template <class Use>
auto with_format(const std::string& name, const Use& use) {
  if (name == Fp64::kName) return use(Fp64{});
  if (name == Fp32::kName) return use(Fp32{});
  if (name == Fp21::kName) return use(Fp21{});
  if (name == Shared18::kName) return use(Shared18{});
  if (name == Bf16::kName) return use(Bf16{});
  if (name == Fp16::kName) return use(Fp16{});
  throw ArgumentError("storage: " + name + " is not a format");
}

}  // namespace femcrust
