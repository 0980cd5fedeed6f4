/**
 * A zip archive of files as they are, without compression, which is what numpy.savez writes.
 * Format: PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
 */
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** 1 January 1980, the earliest date there is: the same content gives the same bytes. */
const DATE = 0x0021;

/** @param files by name, ASCII, each below 4 GB */
export function zip(files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  const locals: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const label = new TextEncoder().encode(name);
    const shared = [...u16(20, 0, 0, 0, DATE), ...u32(crc32(content), content.length, content.length)];
    const local = Uint8Array.from([...u32(LOCAL), ...shared, ...u16(label.length, 0), ...label]);
    locals.push(local, content);
    const where = [...u16(label.length, 0, 0, 0, 0), ...u32(0, offset), ...label];
    central.push(Uint8Array.from([...u32(CENTRAL), ...u16(20), ...shared, ...where]));
    offset += local.length + content.length;
  }
  const size = central.reduce((sum, { length }) => sum + length, 0);
  const count = central.length;
  const end = Uint8Array.from([...u32(END), ...u16(0, 0, count, count), ...u32(size, offset), ...u16(0)]);
  const parts = [...locals, ...central, end];
  const out = new Uint8Array(offset + size + end.length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const u16 = (...values: number[]) => values.flatMap((value) => [value & 0xff, value >> 8]);
const u32 = (...values: number[]) => values.flatMap((value) => u16(value & 0xffff, value >>> 16));

/** The check sum of zip and PNG: CRC-32 with the reversed polynomial edb88320. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
