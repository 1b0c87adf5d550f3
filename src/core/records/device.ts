/** The devices that can compute a model: ONNX Runtime's execution providers, by the names of --device. */
export const devices = ["cpu", "webgpu", "cuda"] as const;
export type Device = (typeof devices)[number];
