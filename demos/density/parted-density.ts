/** A density that is computed part by part: what a reader asks for meanwhile waits for a part, not for all of it. */
import { type Flow, logProbOnDevice, type Tensor, tensor } from "fjordgpu";
import type { Bands } from "./bands.js";
import { joined } from "./painting.js";

export class PartedDensity {
  /** @param between done before every part; takes a signal that puts the work off */
  constructor(
    readonly bands: Bands,
    readonly between: (flow: Flow, signal: AbortSignal) => Promise<void>,
  ) {}

  /** log p_t [n] in nats at points [n, 2] and a time; the caller's to dispose. @throws as logProbOnDevice */
  async of(flow: Flow, points: Float32Array, at: number, signal: AbortSignal): Promise<Tensor> {
    const parts: Tensor[] = [];
    const n = points.length / 2;
    try {
      for (let from = 0; from < n; ) {
        await this.between(flow, signal);
        const { rows } = this.bands;
        // All of about one size: a short rest would cost what every part costs.
        const left = n - from;
        const some = Math.ceil(left / Math.ceil(left / rows));
        const places = tensor(flow.device, points.subarray(2 * from, 2 * (from + some)), [some, 2]);
        from += some;
        const start = performance.now();
        parts.push(await logProbOnDevice(flow, places, { at, signal }).finally(() => places.dispose()));
        // The first solve also waits for its kernels.
        this.bands.took(rows, ((performance.now() - start) * rows) / some);
      }
      return parts.length === 1 ? parts.pop()! : await joined(parts);
    } finally {
      for (const part of parts) part.dispose();
    }
  }
}
