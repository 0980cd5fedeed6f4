/** The `io` namespace: points and grids as files, `io.readNpy(bytes)`, `io.writeCsv(header, rows)`. */
export { float32Rows, formatFloat32, writeCsv } from "./csv.js";
export { type NpyArray, readNpy, writeNpy } from "./npy.js";
