//! After construction neither the transforms nor the resampler allocate.

use std::alloc::System;

use recognizer::features::causal_vqt::CausalVqt;
use recognizer::features::centred_cqt::CentredCqt;
use recognizer::resample::StreamResampler;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Allocations, frees and reallocations of `work`.
fn allocations(mut work: impl FnMut()) -> usize {
    let region = Region::new(ALLOCATOR);
    work();
    let change = region.change();
    change.allocations + change.deallocations + change.reallocations
}

// One test in this file: the counter sees all threads.
#[test]
fn streaming_does_not_allocate() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1u8; 10]))) > 0);

    let block: Vec<f32> = (0..4_801).map(|n| (n as f32 * 0.05).sin()).collect();
    let mut live = CausalVqt::new();
    let mut cqt = CentredCqt::new(512).expect("a valid hop");
    let mut sum = 0.0;
    let mut frames = 0;
    let live_and_cqt = allocations(|| {
        for _ in 0..40 {
            live.push(&block, |frame| {
                sum += frame.magnitudes[0];
                frames += 1;
            });
            cqt.push(&block, |_, magnitudes| {
                sum += magnitudes[0];
                frames += 1;
            });
        }
        live.finish(|_| frames += 1);
        cqt.finish(|_, _| frames += 1);
    });
    assert_eq!(live_and_cqt, 0);
    assert!(frames > 500 && sum.is_finite());

    for rate in [8_000.0, 22_050.0, 44_056.0, 48_000.0, 384_000.0] {
        let mut resampler = StreamResampler::new(rate).expect("a supported rate");
        let mut out = Vec::with_capacity(50_000);
        let resampling = allocations(|| {
            for _ in 0..40 {
                out.clear();
                resampler.push(&block, &mut out);
            }
            resampler.flush(&mut out);
        });
        assert_eq!(resampling, 0, "{rate} Hz");
    }
}
