/** Writes small zip files for tests, as Python's zipfile does. */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipPart {
  name: string;
  text: string;
  /** 0: stored; 8: deflated, unless said. Another number is only written into the headers. */
  method?: number;
}

export function zipOf(parts: readonly ZipPart[]): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, text, method = 8 } of parts) {
    const content = Buffer.from(text);
    const packed = method === 8 ? deflateRawSync(content) : content;
    // Version, flags, method, time, date, CRC, sizes, lengths of name and extra field: the same in both headers.
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(method, 4);
    shared.writeUInt32LE(crc32(content), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(content.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const entry = Buffer.alloc(46);
    entry.write("PK\x01\x02", 0, "latin1");
    entry.writeUInt16LE(20, 4);
    shared.copy(entry, 6);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    const whole = [Buffer.from("PK\x03\x04", "latin1"), shared, Buffer.from(name), packed];
    local.push(...whole);
    at += whole.reduce((sum, { length }) => sum + length, 0);
  }
  const table = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(table.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, table, end]);
}
