/** What computes a model: ONNX Runtime's execution providers, by the names that a user gives them. */
export const devices = ["cpu", "webgpu", "cuda"] as const;
export type Device = (typeof devices)[number];
