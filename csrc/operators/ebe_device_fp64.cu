// The element products in double.
#include "operators/ebe_device_launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {

const DeviceEbeTable<Fp64> ebe_fp64 = plain_table<Fp64>();

}  // namespace femcrust::FEMCRUST_DEVICE
