/** How often and how strongly each feature is active. */

export class Tally {
  /** [d_sae] the largest activation of each feature. */
  readonly max: Float32Array;
  /** [d_sae] the sum of each feature's activations. */
  readonly sum: Float64Array;

  constructor(d_sae: number) {
    this.max = new Float32Array(d_sae);
    this.sum = new Float64Array(d_sae);
  }

  add(feature: number, value: number): void {
    if (value > this.max[feature]!) this.max[feature] = value;
    this.sum[feature] = this.sum[feature]! + value;
  }
}
