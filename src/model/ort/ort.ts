/** The only import of ONNX Runtime, which a lint rule enforces. It turns off the telemetry before the library loads. */
import "./no-telemetry.ts";

export { env, InferenceSession, Tensor } from "onnxruntime-node";
