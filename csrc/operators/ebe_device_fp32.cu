// The element products in float.
#include "operators/ebe_device_launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {

const DeviceEbeTable<Fp32> ebe_fp32 = plain_table<Fp32>();

}  // namespace femcrust::FEMCRUST_DEVICE
