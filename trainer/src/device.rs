//! The device of a run, chosen when it starts.
//!
//! `flex` (burn-flex, pure Rust, the CPU) is always available. The others are features of this
//! crate, each of which rebuilds burn:
//!
//! | `--device` | feature | needs |
//! |---|---|---|
//! | `flex` | – | nothing |
//! | `libtorch`, `libtorch-cuda:N` | `libtorch` | LibTorch 2.9, for instance pip's `torch` with `LIBTORCH_USE_PYTORCH=1` |
//! | `wgpu`, `wgpu:N` | `wgpu` | a Vulkan, Metal or DirectX 12 driver |
//! | `cuda:N` | `cuda` | CUDA; its build fetches LLVM |

use std::str::FromStr;

use anyhow::{Result, bail};
use burn::tensor::Device;

/// A device by name; see the module's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeviceName {
    /// burn-flex on the CPU.
    Flex,
    /// LibTorch on the CPU.
    LibTorch,
    /// LibTorch on the CUDA device with this number.
    LibTorchCuda(usize),
    /// WGPU's best device, or the discrete GPU with this number.
    Wgpu(Option<usize>),
    /// burn's own CUDA backend on the device with this number.
    Cuda(usize),
}

impl FromStr for DeviceName {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, number) = match text.split_once(':') {
            Some((name, number)) => match number.parse() {
                Ok(number) => (name, Some(number)),
                Err(_) => bail!("`{number}` in `{text}` is not the number of a device"),
            },
            None => (text, None),
        };
        Ok(match (name, number) {
            ("flex", None) => Self::Flex,
            ("libtorch", None) => Self::LibTorch,
            ("libtorch-cuda", number) => Self::LibTorchCuda(number.unwrap_or(0)),
            ("wgpu", number) => Self::Wgpu(number),
            ("cuda", number) => Self::Cuda(number.unwrap_or(0)),
            _ => {
                bail!("no device `{text}`: flex, libtorch, libtorch-cuda:N, wgpu, wgpu:N or cuda:N")
            }
        })
    }
}

impl DeviceName {
    /// The device itself.
    ///
    /// # Errors
    /// If this program was built without the device.
    pub(crate) fn open(self) -> Result<Device> {
        match self {
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "libtorch")]
            Self::LibTorch => Ok(Device::libtorch()),
            #[cfg(feature = "libtorch")]
            Self::LibTorchCuda(index) => Ok(Device::libtorch_cuda(index)),
            #[cfg(feature = "wgpu")]
            Self::Wgpu(None) => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(feature = "wgpu")]
            Self::Wgpu(Some(index)) => {
                Ok(Device::wgpu(burn::tensor::DeviceKind::DiscreteGpu(index)))
            }
            #[cfg(feature = "cuda")]
            Self::Cuda(index) => Ok(Device::cuda(index)),
            #[allow(unreachable_patterns, reason = "with every feature nothing is left")]
            other => bail!(
                "{other:?} needs a feature this program was built without; see docs/training.md"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        assert_eq!("flex".parse::<DeviceName>().unwrap(), DeviceName::Flex);
        let cuda: DeviceName = "libtorch-cuda:3".parse().unwrap();
        assert_eq!(cuda, DeviceName::LibTorchCuda(3));
        assert_eq!(
            "wgpu".parse::<DeviceName>().unwrap(),
            DeviceName::Wgpu(None)
        );
        for wrong in ["", "gpu", "cuda:x", "flex:1", "cuda:-1"] {
            assert!(wrong.parse::<DeviceName>().is_err(), "{wrong}");
        }
    }
}
