/** Whether the device computes in float32 as the library promises: its exp and tanh against float64. In the worker. */
import { type Device, ops, type Tensor, tensor } from "fjordgpu";
import { magnitudes, spread, worstUlp } from "../engine/numbers.js";

export interface SelfTest {
  /** The largest error in units of the last place; NaN where a result is no number. */
  readonly ulp: number;
  readonly isOk: boolean;
}

const N = 4_000;
/** What the library promises, with room for contracted products. */
const BOUNDS = { exp: 3, tanh: 5 };

const known = new WeakMap<Device, Promise<SelfTest>>();

/** Once for a device. @throws DeviceLostError */
export function selfTest(device: Device): Promise<SelfTest> {
  const before = known.get(device);
  if (before) return before;
  const found = measure(device);
  known.set(device, found);
  return found;
}

async function measure(device: Device): Promise<SelfTest> {
  // exp stays finite and normal; tanh is right at all sizes, where what adapters bring along is not.
  const exp = await worst(device, spread(N, 5, 80), ops.exp, Math.exp);
  const tanhOf = (x: Tensor) => ops.activation(x, "tanh");
  const tanh = await worst(device, magnitudes(N, 7, 20), tanhOf, Math.tanh);
  return { ulp: Math.max(exp, tanh), isOk: exp <= BOUNDS.exp && tanh <= BOUNDS.tanh };
}

async function worst(
  device: Device,
  numbers: Float32Array,
  op: (x: Tensor) => Promise<Tensor>,
  truth: (x: number) => number,
): Promise<number> {
  const x = tensor(device, numbers, [numbers.length]);
  try {
    const y = await op(x);
    try {
      return worstUlp(await y.data(), Float64Array.from(numbers, truth));
    } finally {
      y.dispose();
    }
  } finally {
    x.dispose();
  }
}
