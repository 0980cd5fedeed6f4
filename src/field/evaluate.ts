/** One evaluation of an MLP field and its derivatives, without a solve: for inspection, plots and tests. */
import { type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { ArgumentError, finite } from "../gpu/errors.js";
import { CONTROL_BYTES } from "../ode/control.js";
import type { MlpField } from "./mlp.js";
import { MlpProgram } from "./mlp-program.js";
import { MlpReverse } from "./mlp-reverse.js";
import { planesView } from "./program.js";
import { ProbeSource, paddedRows, type TraceOptions, tracePlan } from "./trace.js";
import { Weights } from "./weights.js";

export interface EvaluateOptions {
  field: MlpField;
  /** θ [P]. */
  params: Float32Array;
  t: number;
  /** [B, D]. */
  z: Float32Array;
  /** [M, B, D]: directions v_m. */
  tangents?: Float32Array;
  trace?: TraceOptions;
  /**
   * Cotangents of a scalar s = Σ w·f + Σ c tr: `f` is w [B, D] (default 0), `trace` is c [B] (default 0). Its
   * gradients come back in `gradient`. Not together with tangents.
   */
  cotangent?: { f?: Float32Array; trace?: Float32Array };
}

export interface Evaluation {
  /** f(t, z) [B, D]. */
  readonly f: Float32Array;
  /** J v_m [M, B, D]. */
  readonly tangents: Float32Array;
  /** tr ∂f/∂z or its estimate [B]; empty without a trace. */
  readonly trace: Float32Array;
  /** ds/dθ [P], ds/dz [B, D], ds/dt. */
  readonly gradient?: { readonly params: Float32Array; readonly z: Float32Array; readonly t: number };
}

/** @throws ArgumentError on wrong lengths; DeviceLostError */
export async function evaluate(device: Device, options: EvaluateOptions): Promise<Evaluation> {
  const { field, params, z, tangents } = options;
  const { dim } = field;
  const batch = z.length / dim;
  const moved = (tangents?.length ?? 0) / z.length;
  if (!Number.isInteger(batch) || batch === 0 || !Number.isInteger(moved)) {
    throw new ArgumentError(
      `z has ${z.length} entries, tangents ${tangents?.length ?? 0}.`,
      `They must be [batch, ${dim}] and [M, batch, ${dim}].`,
    );
  }
  if (options.cotangent && moved > 0) {
    throw new ArgumentError("cotangent and tangents were given together.", "Evaluate twice.");
  }
  const trace = options.trace && tracePlan(options.trace, dim, batch);
  const buffers = new BufferGroup();
  try {
    const control = buffers.add(device.buffer({ label: "control", data: controlAt(finite("t", options.t)) }));
    const weights = buffers.add(await Weights.create(device, field.spec, params));
    const shape = {
      batch,
      tangents: moved,
      probes: trace?.probes ?? 0,
      traceWeight: trace?.weight ?? 0,
      store: options.cotangent !== undefined,
      cotangentPlane: options.cotangent !== undefined,
    };
    const program = buffers.add(await MlpProgram.create(device, weights, shape, control));
    const probes = trace && buffers.add(await ProbeSource.create(device, trace));
    const minusTrace = buffers.add(device.buffer({ label: "minus trace", size: batch * 4 }));
    const state = new Float32Array(z.length * (1 + moved));
    state.set(z);
    if (tangents) state.set(tangents, z.length);
    device.write(program.acts.words(program.input.at, 0), paddedRows(state, dim, program.ld));
    device.run([
      ...(probes ? probes.fill(program) : []),
      ...program.evaluate({ index: 0, c: 0, b: 1, minusTrace: trace && minusTrace }),
    ]);
    const gradient = options.cotangent && (await pullBack(device, options, program, buffers));
    const values = unpadded(
      await device.readF32(planesView(program.output)),
      batch * (1 + moved),
      dim,
      program.ld,
    );
    return {
      f: values.slice(0, z.length),
      tangents: values.slice(z.length),
      trace: trace
        ? (await device.readF32(minusTrace)).subarray(0, batch).map((value) => -value)
        : new Float32Array(),
      gradient,
    };
  } finally {
    buffers.dispose();
  }
}

async function pullBack(device: Device, options: EvaluateOptions, program: MlpProgram, buffers: BufferGroup) {
  const { batch, dim, ld } = program;
  const { f, trace } = options.cotangent!;
  const reverse = buffers.add(
    await MlpReverse.create(program, { sign: 1, quadrature: false, tentative: false }),
  );
  // The sweep is seeded with −a_Δ ε on the tangents' side; a scalar + c tr has a_Δ = −c. Here h = 1 and b = 1.
  const deltaBar: Buffer = buffers.add(
    device.buffer({ label: "delta bar", data: (trace ?? new Float32Array(batch)).map((c) => -c) }),
  );
  const seed = paddedRows(f ?? new Float32Array(batch * dim), dim, ld);
  device.write(reverse.seed.buffer.words(reverse.seed.at, 0), seed);
  device.run([
    ...reverse.begin(),
    ...reverse.seedProbes({ deltaBar, b: 1 }),
    ...reverse.sweep(),
    ...reverse.accumulate({ b: 1, c: 0, first: false }),
    ...reverse.reduce(),
  ]);
  const { paramCount } = program.weights.packing;
  const thetaBar = await device.readF32(reverse.thetaBar);
  const skip = reverse.gradient.at - program.output.at;
  const planes = (await device.readF32(planesView(program.output))).subarray(skip);
  return {
    params: thetaBar.slice(0, paramCount),
    z: unpadded(planes, batch, dim, ld),
    t: thetaBar[paramCount + 1]!,
  };
}

/** A control block that stands still at t with h = 1 (the weight of a seed; stage abscissa 0 keeps the time at t). */
function controlAt(t: number): Float32Array {
  const words = new Float32Array(CONTROL_BYTES / 4);
  words[0] = t;
  words[2] = 1;
  return words;
}

function unpadded(rows: Float32Array, count: number, dim: number, ld: number): Float32Array {
  const out = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) out.set(rows.subarray(row * ld, row * ld + dim), row * dim);
  return out;
}
