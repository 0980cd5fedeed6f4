/** Which tangents ride along to give tr ∂f/∂z, and how they come into being. */
import { orthogonal as orthogonalModule } from "../generated/field/orthogonal.js";
import { probes as probesModule } from "../generated/field/probes.js";
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { ArgumentError, integerIn, oneOf } from "../gpu/errors.js";
import { type Command, foldedGrid } from "../gpu/submit.js";
import { NORMAL_TABLE } from "../tensor/normal-table.js";
import { seedWords } from "../tensor/philox.js";
import { PURPOSE } from "../tensor/random.js";

export const PROBE_DISTRIBUTIONS = ["rademacher", "gaussian", "orthogonal"] as const;
export type ProbeDistribution = (typeof PROBE_DISTRIBUTIONS)[number];

/**
 * "exact": D unit vectors. "hutchinson": n random probes per sample, drawn from a seed and fixed for the whole
 * solve, or given as `epsilon` [n, B, D] (n = 1: [B, D]). Orthogonal probes need n ≤ D and are exact at n = D.
 */
export type TraceOptions =
  | { kind: "exact" }
  | {
      kind: "hutchinson";
      distribution?: ProbeDistribution;
      probes?: number;
      seed?: number;
      epsilon?: Float32Array;
    };

export interface TracePlan {
  readonly kind: "exact" | ProbeDistribution | "given";
  /** K. */
  readonly probes: number;
  /** Weight of each probe in the sum: 1, or 1/n. */
  readonly weight: number;
  readonly seed: number;
  readonly epsilon?: Float32Array;
}

/** What training takes unless told otherwise: exact up to 3 dimensions, one Rademacher probe above. */
export const trainingTrace = (dim: number): TraceOptions =>
  dim <= 3 ? { kind: "exact" } : { kind: "hutchinson" };

/** @throws ArgumentError naming the value and the remedy */
export function tracePlan(options: TraceOptions, dim: number, batch: number): TracePlan {
  const kind = oneOf("trace.kind", options.kind, ["exact", "hutchinson"]);
  if (options.kind === "exact" || kind === "exact") return { kind: "exact", probes: dim, weight: 1, seed: 0 };
  const { epsilon } = options;
  if (epsilon) {
    const probes = epsilon.length / (batch * dim);
    if (!Number.isInteger(probes) || probes < 1) {
      throw new ArgumentError(
        `trace.epsilon has ${epsilon.length} entries.`,
        `It must be [n, ${batch}, ${dim}] for some n of at least 1.`,
      );
    }
    return { kind: "given", probes, weight: 1 / probes, seed: 0, epsilon };
  }
  const distribution = oneOf("trace.distribution", options.distribution ?? "rademacher", PROBE_DISTRIBUTIONS);
  const most = distribution === "orthogonal" ? dim : 1024;
  const probes = integerIn("trace.probes", options.probes ?? 1, 1, most);
  const seed = integerIn("trace.seed", options.seed ?? 0, 0);
  return { kind: distribution, probes, weight: 1 / probes, seed };
}

/** Where probes stand: entry d of probe k of sample b at word `probesAt + (k·B + b)·ld + d` of `acts`. */
export interface ProbeTarget {
  /** B and D. */
  readonly batch: number;
  readonly dim: number;
  readonly ld: number;
  readonly acts: Buffer;
  readonly probesAt: number;
}

/** Fills the probe planes of programs; its key may be advanced by the GPU between solves. */
export class ProbeSource {
  private constructor(
    readonly device: Device,
    readonly plan: TracePlan,
    /** u32 [4]: seed low, seed high, purpose, step. */
    readonly key: Buffer,
    private readonly table: Buffer,
    private readonly kernels: Awaited<ReturnType<typeof loadKernels>>,
    private readonly buffers: BufferGroup,
  ) {}

  static async create(device: Device, plan: TracePlan, key?: Buffer): Promise<ProbeSource> {
    const kernels = await loadKernels(device, plan.kind);
    return BufferGroup.filled(async (buffers) => {
      const words = new Uint32Array([...seedWords(plan.seed), PURPOSE.probe, 0]);
      const ownKey = key ?? buffers.add(device.buffer({ label: "probe key", data: words }));
      // Read by Gaussian probes alone, but a binding must be there for all.
      const data =
        plan.kind === "gaussian" || plan.kind === "orthogonal" ? NORMAL_TABLE : NORMAL_TABLE.subarray(0, 4);
      const table = buffers.add(device.buffer({ label: "normal table", data }));
      return new ProbeSource(device, plan, ownKey, table, kernels, buffers);
    });
  }

  /** Draws probes for the seed from here on. */
  reseed(seed: number, step = 0): void {
    this.device.write(this.key, new Uint32Array([...seedWords(seed), PURPOSE.probe, step]));
  }

  /** Commands that fill the program's probe planes; probes that were given are uploaded at once instead. */
  fill(program: ProbeTarget): Command[] {
    const { plan, key } = this;
    const { batch, dim, ld, acts, probesAt } = program;
    if (plan.epsilon) {
      this.device.write(acts.words(probesAt, 0), paddedRows(plan.epsilon, dim, ld));
      return [];
    }
    const params = { samples: batch, probes: plan.probes, dim, ld, probe_at: probesAt };
    const grid = foldedGrid(Math.ceil((batch * plan.probes * dim) / 64));
    const commands: Command[] = [
      this.kernels.fill.bind({ params, key, acts, normal_table: this.table }, grid),
    ];
    if (plan.kind === "orthogonal") {
      commands.push(this.kernels.orthogonal.bind({ params, acts }, foldedGrid(Math.ceil(batch / 64))));
    }
    return commands;
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

async function loadKernels(device: Device, kind: TracePlan["kind"]) {
  const KIND = { exact: 0, given: 0, rademacher: 1, gaussian: 2, orthogonal: 2 }[kind];
  const [fill, orthogonal] = await Promise.all([
    device.kernel(probesModule, "main", { KIND }),
    device.kernel(orthogonalModule, "main"),
  ]);
  return { fill, orthogonal };
}

/** Rows of `dim` entries -> rows of `ld`, the rest zero. */
export function paddedRows(rows: Float32Array, dim: number, ld: number): Float32Array {
  if (dim === ld) return rows;
  const out = new Float32Array((rows.length / dim) * ld);
  for (let row = 0; row * dim < rows.length; row++) {
    out.set(rows.subarray(row * dim, (row + 1) * dim), row * ld);
  }
  return out;
}
