/** A failed attempt after which the same request may succeed. */
export class Transient extends Error {
  /** Milliseconds that the server asks us to wait; null if it does not say. */
  readonly asked: number | null;
  /** Whether the server may have computed an answer, so that the provider may bill it. */
  readonly maybeBilled: boolean;

  constructor(
    reason: string,
    { asked = null, maybeBilled = false }: Partial<Omit<Transient, keyof Error>> = {},
  ) {
    super(reason);
    this.name = "Transient";
    this.asked = asked;
    this.maybeBilled = maybeBilled;
  }
}
