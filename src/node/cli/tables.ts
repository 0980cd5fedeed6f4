/** Points and densities in the formats that commands write. */
import { float32Rows, formatFloat32, writeCsv } from "../../io/csv.js";
import { UsageError } from "./arguments.js";

/** x1, x2, …: a model does not know what its columns were called. */
export function columnNames(dim: number): string[] {
  return Array.from({ length: dim }, (_, i) => `x${i + 1}`);
}

/** One of the formats, by the name's end. @throws UsageError naming those that there are */
export function formatOf<T extends string>(path: string, formats: readonly T[]): T {
  const found = formats.find((format) => path.toLowerCase().endsWith(`.${format}`));
  if (found) return found;
  throw new UsageError(`The output ${path} does not end in ${formats.map((f) => `.${f}`).join(" or ")}.`);
}

/** @param points [n, columns.length] */
export function pointsCsv(points: Float32Array, columns: readonly string[]): string {
  return writeCsv(columns, float32Rows(points, columns.length));
}

/** The points and their log p in nats, a row each. */
export function densityCsv(points: Float32Array, logp: Float32Array, columns: readonly string[]): string {
  function* rows() {
    let row = 0;
    for (const cells of float32Rows(points, columns.length)) yield [...cells, formatFloat32(logp[row++]!)];
  }
  return writeCsv([...columns, "log_p"], rows());
}
