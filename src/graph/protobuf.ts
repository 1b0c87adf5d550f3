/**
 * The part of Protocol Buffers that an ONNX model needs: varints, 32-bit floats, and length-delimited fields.
 * Pieces are stored as given and joined once at the end, so a weight's bytes are copied once, however deep they are
 * nested. Wire format: https://protobuf.dev/programming-guides/encoding/
 */
const varintWire = 0;
const lengthDelimitedWire = 2;
const fixed32Wire = 5;

const utf8 = new TextEncoder();

/** One message under construction. Every method appends one field. */
export class Message {
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  /** int32, int64, enum: a signed whole number, 64 bits on the wire. */
  int(field: number, value: number): this {
    return this.#tag(field, varintWire).#append(varint(BigInt(value)));
  }

  /** float: 32 bits. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#tag(field, fixed32Wire).#append(bytes);
  }

  string(field: number, text: string): this {
    return this.bytes(field, utf8.encode(text));
  }

  bytes(field: number, bytes: Uint8Array): this {
    return this.#tag(field, lengthDelimitedWire)
      .#append(varint(BigInt(bytes.length)))
      .#append(bytes);
  }

  message(field: number, inner: Message): this {
    this.#tag(field, lengthDelimitedWire).#append(varint(BigInt(inner.#size)));
    for (const piece of inner.#pieces) this.#append(piece);
    return this;
  }

  finish(): Uint8Array {
    const joined = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  #tag(field: number, wire: number): this {
    return this.#append(varint(BigInt(field * 8 + wire)));
  }

  #append(piece: Uint8Array): this {
    this.#pieces.push(piece);
    this.#size += piece.length;
    return this;
  }
}

/** Seven bits per byte, lowest first. A negative number is written as its 64-bit two's complement. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
