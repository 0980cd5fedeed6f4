/** A file of the reader's as a picture. It is decoded and scaled by the browser; nothing leaves the page. */
import { decimal, integer } from "../shared/format.js";
import { type Picture, PictureError, pictureFrom } from "./density.js";
import { headerOf } from "./header.js";

/** Pixels of the longer side: beyond them a picture has details that no flow of this size learns. */
export const LONGEST = 256;

const MOST_BYTES = 50e6;
const MOST_PIXELS = 60e6;

/** @throws PictureError naming the file and the remedy */
export async function readPicture(file: File): Promise<Picture> {
  const { name, size: bytes } = file;
  if (bytes > MOST_BYTES) {
    const found = `${decimal(bytes / 1e6, 0)} MB`;
    throw new PictureError(`${name} is too large (${found}): save it with at most ${MOST_BYTES / 1e6} MB.`);
  }
  const header = headerOf(new Uint8Array(await file.arrayBuffer()));
  if (!header) {
    throw new PictureError(
      `${name} is neither a PNG nor a JPEG picture: save it as one of them, and open that.`,
    );
  }
  const { width = 0, height = 0 } = header.size ?? {};
  if (width * height > MOST_PIXELS) {
    const found = `${integer(width)} × ${integer(height)} pixels`;
    throw new PictureError(`${name} is too large (${found}): scale it down to a few thousand a side.`);
  }
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new PictureError(`${name} is damaged and cannot be read: save it again as PNG or JPEG.`);
  });
  try {
    return scaled(bitmap, name);
  } finally {
    bitmap.close();
  }
}

/** Keeps the aspect. A small picture keeps its pixels. */
function scaled(bitmap: ImageBitmap, title: string): Picture {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return pictureFrom(title, width, height, context.getImageData(0, 0, width, height).data);
}
