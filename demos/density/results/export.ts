/** Results as files. */
import { io } from "fjordgpu";
import { type MadeFile, pngOf } from "../../shared/download.js";
import type { Config } from "../config.js";
import type { Row } from "../history.js";
import type { Frame } from "../protocol.js";
import type { OwnData } from "../sets.js";
import { contourSvg } from "./contours.js";
import { cellGrid, inUnits } from "./grid.js";
import { settingsText } from "./settings.js";
import { zip } from "./zip.js";

export type FileKind = "png" | "svg" | "samples" | "npy" | "npz" | "weights" | "settings" | "curves";

export interface ExportSource {
  /** Of the set; begins the file's name. */
  readonly name: string;
  readonly config: Config;
  readonly window: readonly [number, number];
  readonly own: OwnData | undefined;
  readonly frame: Frame | undefined;
  readonly rows: readonly Row[];
  readonly snapshot: () => Promise<HTMLCanvasElement>;
  /** [n, 2] in the coordinates of the picture. */
  readonly samples: () => Promise<Float32Array>;
  readonly weights: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** @throws Error in words for people when there is nothing to export yet */
export async function fileOf(kind: FileKind, source: ExportSource): Promise<MadeFile> {
  const { name, own, rows, window } = source;
  const file = (end: string, content: BlobPart, type: string): MadeFile => ({
    name: `${name}-${end}`,
    content: content instanceof Blob ? content : new Blob([content], { type }),
  });
  switch (kind) {
    case "png":
      return file("density.png", await pngOf(await source.snapshot()), "image/png");
    case "svg": {
      const { logDensity, size } = frameOf(source);
      const columns = own?.columns ?? (["x", "y"] as const);
      return file("contours.svg", contourSvg(logDensity, size, { window, own, columns }), "image/svg+xml");
    }
    case "samples": {
      const points = inUnits(await source.samples(), own);
      return file(
        "samples.csv",
        io.writeCsv(own?.columns ?? ["x", "y"], io.float32Rows(points, 2)),
        "text/csv",
      );
    }
    case "npy": {
      const { logDensity, size } = cellGrid(frameOf(source), window, own);
      return file("log-density.npy", io.writeNpy([size, size], logDensity), "application/octet-stream");
    }
    case "npz": {
      const { logDensity, size, x, y } = cellGrid(frameOf(source), window, own);
      const entries = {
        "log_density.npy": io.writeNpy([size, size], logDensity),
        "x.npy": io.writeNpy([size], x),
        "y.npy": io.writeNpy([size], y),
      };
      return file("log-density.npz", zip(entries), "application/zip");
    }
    case "weights":
      return file("flow.safetensors", await source.weights(), "application/octet-stream");
    case "settings":
      return file("settings.json", settingsText(source.config), "application/json");
    case "curves": {
      if (rows.length === 0) throw new Error("There are no curves yet: start the training first.");
      return file("curves.csv", curvesCsv(rows), "text/csv");
    }
  }
}

/** Steps of both phases together, NLL in nats (empty where there is none), evaluations of the field and milliseconds in a step. */
export function curvesCsv(rows: readonly Row[]): string {
  const header = ["step", "training_nll", "held_out_nll", "nfe_forward", "nfe_backward", "ms"];
  return io.writeCsv(
    header,
    rows.map(({ step, loss, heldOut, nfe, nfeBackward, stepTime }) => [
      step,
      loss ?? "",
      heldOut ?? "",
      nfe,
      nfeBackward,
      stepTime ?? "",
    ]),
  );
}

function frameOf({ frame }: ExportSource): Frame {
  if (!frame) throw new Error("There is no density yet: switch its layer on and wait for the picture.");
  return frame;
}
