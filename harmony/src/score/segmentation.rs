//! Over- and under-segmentation.

/// How far the boundaries of `estimate` cut the spans of `reference`, 0 … 1:
/// for each span the time outside its longest uncut piece, over the whole time
/// (Harte 2010; `mir_eval.chord.directional_hamming_distance`). Both are in
/// order, in seconds, and not empty.
pub(super) fn directional_hamming_distance(
    reference: &[(f64, f64)],
    estimate: &[(f64, f64)],
) -> f64 {
    let (Some(first), Some(last)) = (reference.first(), reference.last()) else {
        return 0.0;
    };
    let mut edges: Vec<f64> = estimate
        .iter()
        .flat_map(|&(start_s, end_s)| [start_s, end_s])
        .collect();
    edges.sort_unstable_by(f64::total_cmp);
    let cut_s: f64 = reference
        .iter()
        .map(|&(start_s, end_s)| {
            let from = edges.partition_point(|&edge| edge < start_s);
            let to = edges.partition_point(|&edge| edge < end_s);
            let mut previous_s = start_s;
            let mut longest_s = 0.0_f64;
            for edge in edges[from..to].iter().copied().chain([end_s]) {
                longest_s = longest_s.max(edge - previous_s);
                previous_s = edge;
            }
            end_s - start_s - longest_s
        })
        .sum();
    cut_s / (last.1 - first.0)
}
