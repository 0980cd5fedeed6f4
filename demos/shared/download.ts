/** Files that a page makes and hands over. */

export interface MadeFile {
  readonly name: string;
  readonly content: Blob;
}

/** @throws Error when the canvas has no pixels */
export function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is empty."))), "image/png");
  });
}

export function download({ name, content }: MadeFile): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of it by the next task; some take a little longer.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
