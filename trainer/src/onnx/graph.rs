//! A graph under construction: each operator is a method that returns its result.

use recognizer::inference::onnx;

use super::OnnxError;
use super::proto::{
    ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS, AttributeProto, BOOL, DimensionProto, FLOAT,
    GraphProto, INT64, NodeProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto,
};
use super::tensors::Tensors;

/// A tensor in the graph, identified by name.
#[derive(Debug, Clone)]
pub(super) struct Value(String);

/// The outputs of a network.
pub(super) struct Heads {
    /// Logits of the chord classes.
    pub chord: Value,
    /// Logits of the bass, if the network has such a head.
    pub bass: Option<Value>,
    /// Logits of the extensions and their number, if the network has such a head.
    pub extensions: Option<(Value, usize)>,
}

impl Heads {
    /// The outputs of a network with only a chord head.
    pub(super) fn chord(chord: Value) -> Self {
        Self {
            chord,
            bass: None,
            extensions: None,
        }
    }
}

/// A size in the shape of an input or output.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    /// Any number of windows.
    Batch,
    /// This number.
    Fixed(usize),
}

/// The graph; see the module's documentation.
pub(super) struct Graph {
    tensors: Tensors,
    proto: GraphProto,
    next_name: usize,
}

impl Graph {
    /// An empty graph named `name` around `tensors`.
    pub(super) fn new(name: &str, tensors: Tensors) -> Self {
        Self {
            tensors,
            proto: GraphProto {
                name: Some(name.to_owned()),
                ..GraphProto::default()
            },
            next_name: 0,
        }
    }

    /// The finished graph.
    ///
    /// # Errors
    /// [`OnnxError::Unused`] if a tensor of the network is not in it.
    pub(super) fn finish(self) -> Result<GraphProto, OnnxError> {
        match self.tensors.unused() {
            Some(path) => Err(OnnxError::Unused(path.to_owned())),
            None => Ok(self.proto),
        }
    }

    /// Declares an input.
    pub(super) fn input(&mut self, name: &str, shape: &[Size]) -> Value {
        self.proto.input.push(value_info(name, shape));
        Value(name.to_owned())
    }

    /// Declares `value` an output called `name`.
    pub(super) fn output(&mut self, name: &str, value: &Value, shape: &[Size]) {
        self.proto.output.push(value_info(name, shape));
        self.push("Identity", &[value], vec![], name.to_owned());
    }

    /// Declares the outputs of a network.
    pub(super) fn logits(&mut self, heads: &Heads, batch: Size, frames: usize) {
        use recognizer::networks::{BASS_CLASSES, CHORD_CLASSES};
        let shape = |classes| [batch, Size::Fixed(frames), Size::Fixed(classes)];
        self.output(onnx::CHORD, &heads.chord, &shape(CHORD_CLASSES));
        if let Some(bass) = &heads.bass {
            self.output(onnx::BASS, bass, &shape(BASS_CLASSES));
        }
        if let Some((extensions, classes)) = &heads.extensions {
            self.output(onnx::EXTENSIONS, extensions, &shape(*classes));
        }
    }

    /// The weight at `path`.
    pub(super) fn weight(&mut self, path: &str) -> Result<Value, OnnxError> {
        let array = self.tensors.take(path)?;
        let (shape, data) = (array.shape.clone(), array.data.clone());
        Ok(self.named_constant(path.to_owned(), &shape, &data))
    }

    /// The values of the weight at `path`, for a constant made from them.
    pub(super) fn weight_data(&mut self, path: &str) -> Result<Vec<f32>, OnnxError> {
        Ok(self.tensors.take(path)?.data.clone())
    }

    /// A constant.
    pub(super) fn constant(&mut self, shape: &[usize], data: &[f32]) -> Value {
        let name = self.name("constant");
        self.named_constant(name, shape, data)
    }

    /// A constant number, to be broadcast.
    pub(super) fn scalar(&mut self, number: f32) -> Value {
        self.constant(&[], &[number])
    }

    fn named_constant(&mut self, name: String, shape: &[usize], data: &[f32]) -> Value {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, FLOAT, shape, bytes)
    }

    /// A constant of integers.
    pub(super) fn integers(&mut self, shape: &[usize], data: &[i64]) -> Value {
        let name = self.name("integers");
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.initializer(name, INT64, shape, bytes)
    }

    /// A constant of booleans.
    pub(super) fn booleans(&mut self, shape: &[usize], data: &[bool]) -> Value {
        let name = self.name("booleans");
        let bytes = data.iter().map(|&x| u8::from(x)).collect();
        self.initializer(name, BOOL, shape, bytes)
    }

    fn initializer(&mut self, name: String, kind: i32, shape: &[usize], bytes: Vec<u8>) -> Value {
        self.proto.initializer.push(TensorProto {
            dims: shape.iter().map(|&n| n as i64).collect(),
            data_type: Some(kind),
            name: Some(name.clone()),
            raw_data: Some(bytes),
        });
        Value(name)
    }

    fn name(&mut self, stem: &str) -> String {
        self.next_name += 1;
        format!("{stem}_{}", self.next_name)
    }

    fn push(
        &mut self,
        operator: &str,
        inputs: &[&Value],
        attribute: Vec<AttributeProto>,
        output: String,
    ) {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: vec![output.clone()],
            name: Some(format!("make_{output}")),
            op_type: Some(operator.to_owned()),
            attribute,
        });
    }

    /// An operator without attributes.
    pub(super) fn op(&mut self, operator: &str, inputs: &[&Value]) -> Value {
        self.op_with(operator, inputs, vec![])
    }

    fn op_with(
        &mut self,
        operator: &str,
        inputs: &[&Value],
        attributes: Vec<AttributeProto>,
    ) -> Value {
        let name = self.name(&operator.to_lowercase());
        self.push(operator, inputs, attributes, name.clone());
        Value(name)
    }

    /// The weights below `path` as burn's `Linear`: `x · weight + bias`, the bias being
    /// optional.
    pub(super) fn linear(&mut self, path: &str, x: &Value) -> Result<Value, OnnxError> {
        let weight = self.weight(&format!("{path}.weight"))?;
        let y = self.op("MatMul", &[x, &weight]);
        let bias = format!("{path}.bias");
        if !self.tensors.contains(&bias) {
            return Ok(y);
        }
        let bias = self.weight(&bias)?;
        Ok(self.op("Add", &[&y, &bias]))
    }

    /// The weights below `path` as burn's `Conv1d` over the last axis.
    pub(super) fn conv1d(
        &mut self,
        path: &str,
        x: &Value,
        stride: usize,
        padding: [usize; 2],
    ) -> Result<Value, OnnxError> {
        let weight = self.weight(&format!("{path}.weight"))?;
        let bias = self.weight(&format!("{path}.bias"))?;
        let attributes = vec![
            integers_attribute("strides", &[stride as i64]),
            integers_attribute("pads", &padding.map(|n| n as i64)),
        ];
        Ok(self.op_with("Conv", &[x, &weight, &bias], attributes))
    }

    /// Layer norm over `axis` and all after it; `epsilon` is added to the variance.
    pub(super) fn layer_norm(
        &mut self,
        x: &Value,
        gain: &Value,
        offset: &Value,
        axis: i64,
        epsilon: f32,
    ) -> Value {
        let attributes = vec![
            integer_attribute("axis", axis),
            AttributeProto {
                name: Some("epsilon".to_owned()),
                f: Some(epsilon),
                r#type: Some(ATTRIBUTE_FLOAT),
                ..AttributeProto::default()
            },
        ];
        self.op_with("LayerNormalization", &[x, gain, offset], attributes)
    }

    /// Softmax over `axis`.
    pub(super) fn softmax(&mut self, x: &Value, axis: i64) -> Value {
        self.op_with("Softmax", &[x], vec![integer_attribute("axis", axis)])
    }

    /// `x` in another shape; one size may be −1.
    pub(super) fn reshape(&mut self, x: &Value, shape: &[i64]) -> Value {
        let shape = self.integers(&[shape.len()], shape);
        self.op("Reshape", &[x, &shape])
    }

    /// `x` with its axes in another order.
    pub(super) fn transpose(&mut self, x: &Value, order: &[i64]) -> Value {
        self.op_with("Transpose", &[x], vec![integers_attribute("perm", order)])
    }

    /// Concatenates values along `axis`.
    pub(super) fn concat(&mut self, values: &[&Value], axis: i64) -> Value {
        self.op_with("Concat", values, vec![integer_attribute("axis", axis)])
    }

    /// Rows of `x` along `axis` by the indices of a constant.
    pub(super) fn gather(&mut self, x: &Value, indices: &Value, axis: i64) -> Value {
        self.op_with(
            "Gather",
            &[x, indices],
            vec![integer_attribute("axis", axis)],
        )
    }

    /// Indices `from..to` of `axis`.
    pub(super) fn slice(&mut self, x: &Value, axis: i64, from: usize, to: usize) -> Value {
        let from = self.integers(&[1], &[from as i64]);
        let to = self.integers(&[1], &[to as i64]);
        let axis = self.integers(&[1], &[axis]);
        self.op("Slice", &[x, &from, &to, &axis])
    }

    /// Pads a tensor of rank 4 with zeros along its second axis.
    pub(super) fn pad_frames(&mut self, x: &Value, before: usize, after: usize) -> Value {
        let (before, after) = (before as i64, after as i64);
        let pads = self.integers(&[8], &[0, before, 0, 0, 0, after, 0, 0]);
        self.op("Pad", &[x, &pads])
    }

    /// `operator` (`ReduceMean`, `ReduceMax`) over `axis`, which is kept with size 1 or not.
    pub(super) fn reduce(&mut self, operator: &str, x: &Value, axis: i64, keep: bool) -> Value {
        let attributes = vec![
            integers_attribute("axes", &[axis]),
            integer_attribute("keepdims", i64::from(keep)),
        ];
        self.op_with(operator, &[x], attributes)
    }
}

fn integer_attribute(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(ATTRIBUTE_INT),
        ..AttributeProto::default()
    }
}

fn integers_attribute(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        ints: values.to_vec(),
        r#type: Some(ATTRIBUTE_INTS),
        ..AttributeProto::default()
    }
}

fn value_info(name: &str, shape: &[Size]) -> ValueInfoProto {
    let dim = shape
        .iter()
        .map(|size| match size {
            Size::Batch => DimensionProto {
                dim_param: Some("batch".to_owned()),
                dim_value: None,
            },
            Size::Fixed(n) => DimensionProto {
                dim_param: None,
                dim_value: Some(*n as i64),
            },
        })
        .collect();
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: Some(FLOAT),
                shape: Some(TensorShapeProto { dim }),
            }),
        }),
    }
}
