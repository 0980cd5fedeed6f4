/** The tensor: f32 numbers on a device with a shape of up to 4 axes, row-major and contiguous. */
import type { Buffer } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { ArgumentError, FjordError } from "../gpu/errors.js";
import type { Command } from "../gpu/submit.js";
import { checkedShape, type Shape, shapeText, sizeOf } from "./shape.js";

/** From this size on an allocation waits for the GPU to confirm it, which costs a round trip. */
const CONFIRMED_BYTES = 2 ** 24;

/**
 * Owns its memory, alone: no operation returns a tensor that shares memory with another. The buffer is rounded up
 * to 16 bytes, so that kernels may take it as vec4; what stands behind the last entry is unspecified.
 */
export class Tensor {
  readonly shape: Shape;
  readonly size: number;

  /** Wraps a buffer that holds the entries; made by `tensor`, `zeros` and the operations. */
  constructor(
    readonly device: Device,
    shape: Shape,
    readonly buffer: Buffer,
  ) {
    this.shape = Object.freeze([...shape]);
    this.size = sizeOf(shape);
  }

  get isDisposed(): boolean {
    return this.buffer.isDisposed;
  }

  /** The entries in row-major order. @throws FjordError `disposed`; DeviceLostError */
  async data(): Promise<Float32Array> {
    assertAlive(this);
    if (this.size === 0) return new Float32Array(0);
    return this.device.readF32(this.buffer.words(0, this.size));
  }

  /** Frees the memory. Calling it again does nothing. */
  dispose(): void {
    this.buffer.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * A tensor with these entries, in row-major order.
 * @throws ArgumentError when the shape does not hold as many; FjordError `limit-exceeded`
 */
export function tensor(device: Device, data: ArrayLike<number>, shape: Shape): Tensor {
  const checked = checkedShape(shape);
  if (data.length !== sizeOf(checked)) {
    throw new ArgumentError(
      `Shape ${shapeText(shape)} holds ${sizeOf(checked)} numbers, but ${data.length} were given.`,
    );
  }
  const numbers = data instanceof Float32Array ? data : Float32Array.from(data);
  return new Tensor(
    device,
    checked,
    device.buffer({ label: label(shape), size: bytes(checked), data: numbers }),
  );
}

/** A tensor of zeros. @throws ArgumentError for a bad shape; FjordError `limit-exceeded` */
export function zeros(device: Device, shape: Shape): Tensor {
  const checked = checkedShape(shape);
  return new Tensor(device, checked, device.buffer({ label: label(shape), size: bytes(checked) }));
}

/**
 * Makes a result, zeroed, and runs the commands that fill it; no commands are asked for when it has no entries.
 * @throws FjordError `disposed` when an operand went away meanwhile, `limit-exceeded`, `out-of-memory`
 */
export async function produce(
  label: string,
  operands: readonly Tensor[],
  device: Device,
  shape: Shape,
  commandsFor: (result: Tensor) => readonly Command[],
): Promise<Tensor> {
  const isLarge = bytes(shape) >= CONFIRMED_BYTES;
  const what = `a tensor of shape ${shapeText(shape)}`;
  const result = isLarge ? await device.allocate(what, () => zeros(device, shape)) : zeros(device, shape);
  try {
    operands.forEach(assertAlive);
    const commands = result.size > 0 ? commandsFor(result) : [];
    if (commands.length > 0) device.run(commands, label);
    return result;
  } catch (error) {
    result.dispose();
    throw error;
  }
}

/** @throws FjordError `disposed`, naming the shape */
function assertAlive(t: Tensor): void {
  if (t.isDisposed) {
    throw new FjordError("disposed", `A tensor of shape ${shapeText(t.shape)} was used after dispose().`);
  }
}

/**
 * The device of the operands.
 * @throws FjordError `disposed`; ArgumentError when they live on different devices, or there are none
 */
export function deviceOf(...operands: readonly Tensor[]): Device {
  const first = operands[0];
  if (!first) throw new ArgumentError("An operation needs at least one tensor.");
  for (const operand of operands) {
    assertAlive(operand);
    if (operand.device !== first.device) {
      throw new ArgumentError(
        `Tensors of shapes ${shapeText(first.shape)} and ${shapeText(operand.shape)} live on different devices.`,
        "Read one of them with data() and make it anew on the other's device.",
      );
    }
  }
  return first.device;
}

const bytes = (shape: Shape): number => 16 * Math.max(1, Math.ceil(sizeOf(shape) / 4));

const label = (shape: Shape): string => `tensor ${shapeText(shape)}`;
