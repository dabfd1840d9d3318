/// The few types of DLPack, by its specification (dmlc/dlpack, version 0.8): how libraries hand
/// each other arrays in place.
#pragma once
#include <cstdint>

namespace femcrust::dlpack {

constexpr std::int32_t kCpu = 1, kCuda = 2;  // of Device::type
constexpr std::uint8_t kFloat = 2;           // of Type::code

struct Device {
  std::int32_t type, id;
};
struct Type {
  std::uint8_t code, bits;
  std::uint16_t lanes;
};
struct Tensor {
  void* data;
  Device device;
  std::int32_t ndim;
  Type type;
  std::int64_t* shape;
  std::int64_t* strides;  // in elements; nullptr: rows one after another
  std::uint64_t byte_offset;
};
struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor*);
};

}  // namespace femcrust::dlpack
