/** The flow of a place, kept as long as it is wanted, and its point at any time. */
import { cnf, type Device, type Flow, initialParams, mlp, readModel } from "fjordgpu";
import type { Place } from "./protocol.js";

/** Weights of a fresh network are this much larger, so that its Jacobian is no smaller than a trained one's. */
const GAIN = 3;
/** Fixed steps: the path of a point is then the same whatever estimates the trace. */
const SOLVER = { method: "rk4", steps: 8, path: "layered" } as const;

export class Fields {
  #known: { readonly key: string; readonly flow: Flow } | undefined;

  constructor(readonly device: Device) {}

  async flow({ dim, field: kind, url }: Place): Promise<Flow> {
    const key = `${kind} ${dim}`;
    if (this.#known?.key === key) return this.#known.flow;
    const flow = kind === "trained" ? await this.#trained(url) : this.#fresh(dim, kind === "residual");
    this.#known?.flow.dispose();
    this.#known = { key, flow };
    return flow;
  }

  async #trained(url: string): Promise<Flow> {
    const response = await fetch(url);
    if (!response.ok) {
      throw new Error(`The model could not be loaded: ${response.status} ${response.statusText}.`);
    }
    return cnf(this.device, { ...readModel(new Uint8Array(await response.arrayBuffer())), ...SOLVER });
  }

  #fresh(dim: number, residual: boolean): Flow {
    const field = mlp({ dim, hidden: [64, 64], residual });
    const params = initialParams(field.spec, 1).map((value) => GAIN * value);
    return cnf(this.device, { field, params, ...SOLVER });
  }
}

/** The point on its way: one [D] for each time within [0, T], from data to noise. */
export async function pointAt(
  flow: Flow,
  { point, chosen }: Pick<Place, "point" | "chosen">,
  times: readonly number[],
): Promise<Float32Array[]> {
  const base = chosen
    ? (await flow.transform(Float32Array.of(chosen.x, chosen.y), { at: chosen.t })).z
    : flow.baseOf(1, point);
  return flow.trajectory(base, times);
}

/** The rows of z [n, D], `times` over. */
export function repeated(z: Float32Array, times: number): Float32Array {
  const rows = new Float32Array(z.length * times);
  for (let i = 0; i < times; i++) rows.set(z, i * z.length);
  return rows;
}
