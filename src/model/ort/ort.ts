/** The one door to ONNX Runtime: behind it, its telemetry is off before its library loads. A lint rule keeps it the only one. */
import "./no-telemetry.ts";

export { env, InferenceSession, Tensor } from "onnxruntime-node";
