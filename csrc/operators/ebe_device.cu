// The element products on a device, in every format.
#include "operators/ebe_device_launch.cuh"

namespace femcrust::FEMCRUST_DEVICE {

const DeviceEbeKernels ebe_kernels = {ebe_fp64,     ebe_fp32, ebe_fp21,
                                      ebe_shared18, ebe_bf16, ebe_fp16};

}  // namespace femcrust::FEMCRUST_DEVICE
