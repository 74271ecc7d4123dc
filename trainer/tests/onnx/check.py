"""Checks files with ONNX's reference implementation: structure, types and shapes."""

import sys

import onnx

for path in sys.argv[1:]:
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    assert model.opset_import[0].version == 17, model.opset_import
    assert {p.key for p in model.metadata_props} == {
        "changes.format",
        "changes.architecture",
        "changes.calibration",
        "changes.card",
    }, model.metadata_props
