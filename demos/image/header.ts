/** Kind and size of a picture from the first bytes of its file, so that a monster is refused before it is decoded. */

export interface Header {
  readonly kind: "PNG" | "JPEG";
  /** Pixels; undefined where the file ends before it says so. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const JPEG = [0xff, 0xd8, 0xff];

/** undefined: neither a PNG (ISO/IEC 15948, 5.2 and 11.2.1) nor a JPEG (ITU-T T.81, B.1 and B.2.2). */
export function headerOf(bytes: Uint8Array): Header | undefined {
  const begins = (signature: readonly number[]) => signature.every((byte, i) => bytes[i] === byte);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (begins(PNG)) {
    const size = bytes.length >= 24 ? { width: view.getUint32(16), height: view.getUint32(20) } : undefined;
    return { kind: "PNG", size };
  }
  return begins(JPEG) ? { kind: "JPEG", size: frameOf(view) } : undefined;
}

/** The size in the frame header of a JPEG, found by going from segment to segment. */
function frameOf(view: DataView): Header["size"] {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    // A marker may be preceded by any number of fill bytes.
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // SOF0 to SOF15, among whose numbers are three other markers: DHT, JPG and DAC.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}
