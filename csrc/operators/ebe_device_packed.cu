// The element products of one column in formats of few bits.
#include "operators/ebe_device_launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {

const PackedDeviceEbeTable<Fp21> ebe_fp21 = packed_table<Fp21>();
const PackedDeviceEbeTable<Shared18> ebe_shared18 = packed_table<Shared18>();
const PackedDeviceEbeTable<Bf16> ebe_bf16 = packed_table<Bf16>();
const PackedDeviceEbeTable<Fp16> ebe_fp16 = packed_table<Fp16>();

}  // namespace femcrust::FEMCRUST_DEVICE
