/**
 * How fast a device is, in the two figures that tell the paths of a solve apart: what a dispatch costs beside its work,
 * and how fast layer products are, in the form that is fastest. Measured once per adapter, within 300 ms, when a choice
 * first depends on them; then remembered, in the session and beyond it, so that the choice does not change from call to
 * call.
 */
import type { Packing } from "../field/packing.js";
import { matmul as productModule } from "../generated/tensor/matmul.js";
import { matmulStrip as stripModule } from "../generated/tensor/matmul_strip.js";
import { unary as unaryModule } from "../generated/tensor/unary.js";
import { BufferGroup } from "../gpu/buffer.js";
import { type CalibrationStore, defaultStore } from "../gpu/calibration-store.js";
import type { Device } from "../gpu/device.js";
import type { Dispatch } from "../gpu/submit.js";

/**
 * How products are laid out: "block", 8 × 8 entries an invocation, for GPUs; "strip", 8 rows by 16 columns a subgroup, which only
 * adapters of 4-wide subgroups can have: processors that emulate a GPU.
 */
export const FORMS = ["block", "strip"] as const;
export type ProductForm = (typeof FORMS)[number];

export interface Calibration {
  /** Milliseconds of a dispatch that does next to nothing, between others. */
  readonly launch: number;
  /** Multiply-adds per millisecond in a product of a layer's size, its launch not counted. */
  readonly rate: number;
  /** The form that has this rate: the fastest of those that the adapter can have. */
  readonly form: ProductForm;
  /** Milliseconds that measuring took, compilation not counted. */
  readonly spent: number;
  /** When: milliseconds since 1970. */
  readonly measuredAt: number;
  /** In this session, in an earlier one, or not at all (`calibration: "off"`). */
  readonly source: "measured" | "remembered" | "assumed";
}

/** A software adapter's figures, for devices that shall not be measured. */
const ASSUMED = { launch: 0.1, rate: 1e6, spent: 0, measuredAt: 0, source: "assumed" } as const;

/** Milliseconds after which no further burst begins, and when that is for the launches: one burst may follow. */
const BUDGET = 180;
const LAUNCH_BUDGET = 60;
const FIRST_FORM_BUDGET = 120;
/** Milliseconds of a burst: browsers' clocks tick up to every 0.1 ms, and waiting for the GPU costs about as much. */
const BURST = 8;
const MOST = 2048;
const REPEATS = 3;
/** A tiny dispatch: as many workgroups as a small layer has. */
const ENTRIES = 2048;
/** The product of a 64-64 layer over 512 samples, values and tangents. */
const PRODUCT = { m: 1024, n: 64, k: 64 } as const;

/** Of this session, by adapter. */
const known = new Map<string, Promise<Calibration>>();
/** Milliseconds that were measured in this session, until a trial of tiles asks. */
const spentNow = new Map<string, number>();

/** What a remembered calibration belongs to: the adapter and the kernels that were timed. */
export function calibrationKey({ vendor, architecture, description }: Device["adapter"]): string {
  const kernels = [unaryModule.hash, productModule.hash, stripModule.hash];
  return [vendor, architecture, description, ...kernels].join("|");
}

/** The device's figures: measured by the first call for its adapter, the same ever after. @throws DeviceLostError */
export async function calibrationOf(device: Device): Promise<Calibration> {
  if (device.calibration === "off") return { ...ASSUMED, form: formsOf(device).at(-1)! };
  const key = calibrationKey(device.adapter);
  for (;;) {
    const others = known.get(key);
    const shared = others ?? recallOrMeasure(device, key);
    known.set(key, shared);
    try {
      return await shared;
    } catch (error) {
      if (known.get(key) === shared) known.delete(key);
      // Another device's measurement may have ended with that device: then this one measures.
      if (!others) throw error;
    }
  }
}

async function recallOrMeasure(device: Device, key: string): Promise<Calibration> {
  const store = await storeOf(device);
  const recalled = readCalibration(await store?.read(key).catch(() => undefined));
  if (recalled) return recalled;
  const measured = await measureDevice(device);
  spentNow.set(key, measured.spent);
  await store?.write(key, JSON.stringify(measured)).catch(() => {});
  return measured;
}

/** Where what is measured of a device is remembered; undefined where that is nowhere. */
export async function storeOf({ calibration }: Device): Promise<CalibrationStore | undefined> {
  if (calibration === "off") return undefined;
  return calibration ?? defaultStore();
}

/** Milliseconds by which the adapter's calibration, if it was measured in this session, shortens the trial after it. */
export function takeSpent({ adapter }: Device): number {
  const key = calibrationKey(adapter);
  const spent = spentNow.get(key) ?? 0;
  spentNow.delete(key);
  return spent;
}

/** A calibration as it was written; undefined where the text is none. */
export function readCalibration(text: string | undefined): Calibration | undefined {
  try {
    const { launch, rate, form, spent, measuredAt } = JSON.parse(text ?? "null") as Calibration;
    const positive = [launch, rate, spent, measuredAt].every((value) => Number.isFinite(value) && value > 0);
    const known = positive && FORMS.includes(form);
    return known ? { launch, rate, form, spent, measuredAt, source: "remembered" } : undefined;
  } catch {
    return undefined;
  }
}

/** What the adapter can have, the one for every adapter first. */
export const formsOf = ({ adapter }: Device): readonly ProductForm[] =>
  adapter.subgroupSize === 4 ? FORMS : ["block"];

/** The form of a device's products: measured where there is a choice. @throws DeviceLostError */
export async function productForm(device: Device): Promise<ProductForm> {
  return formsOf(device).length === 1 ? "block" : (await calibrationOf(device)).form;
}

/** The widest layer from which strips pay on the layered path: they take longer to compile. */
const STRIPS_FROM = 128;

/** How the layered path lays out its products; measured where there is a choice. @throws DeviceLostError */
export async function layeredForm(device: Device, { layers }: Packing): Promise<ProductForm> {
  const pays = layers.some(({ outPadded }) => outPadded >= STRIPS_FROM);
  return pays ? productForm(device) : "block";
}

/** @throws DeviceLostError */
export async function measureDevice(device: Device): Promise<Calibration> {
  const forms = formsOf(device);
  const [unary, product, strip] = await Promise.all([
    device.kernel(unaryModule, "main"),
    device.kernel(productModule, "main", { ALIGNED: 1 }),
    forms.includes("strip") ? device.kernel(stripModule, "main") : undefined,
  ]);
  const group = new BufferGroup();
  try {
    const make = (label: string, words: number) =>
      group.add(device.buffer({ label: `calibration ${label}`, size: 4 * words }));
    const { m, n, k } = PRODUCT;
    const [a, b, c] = [make("a", m * k), make("b", k * n), make("c", m * n)];
    const params = { m, n, k, a_last: m * k - 1, b_last: k * n - 1 };
    const tiny = unary.bind({ params: { count: ENTRIES }, x: a, result: c }, [ENTRIES / 256, 1, 1]);
    const inBlocks = product.bind({ params, a, b, c }, [(m * n) / 64 / 32, 1, 1]);
    const inStrips = strip?.bind({ params: { m, n, k }, a, b, c }, [(m * n) / 8 / 16, 1, 1]);
    // What is under way on the device is not ours to measure.
    await device.finished();
    const start = performance.now();
    const launch = await fastest(device, tiny, start + LAUNCH_BUDGET);
    const block = await fastest(device, inBlocks, start + (inStrips ? FIRST_FORM_BUDGET : BUDGET));
    const other = inStrips ? await fastest(device, inStrips, start + BUDGET) : Number.POSITIVE_INFINITY;
    const each = Math.min(block, other);
    // Where a product costs hardly more than its launch, the difference is noise.
    const rate = (m * n * k) / Math.max(each - launch, each / 4);
    const spent = performance.now() - start;
    const rounded = (value: number) => Number(value.toPrecision(2));
    return {
      launch: rounded(launch),
      rate: rounded(rate),
      form: other < block ? "strip" : "block",
      spent: Math.ceil(spent),
      measuredAt: Date.now(),
      source: "measured",
    };
  } finally {
    group.dispose();
  }
}

/** Milliseconds of one such dispatch: the fastest of some bursts, none of which begins after `until`. */
async function fastest(device: Device, command: Dispatch, until: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  let count = 1;
  for (let bursts = 0; bursts < REPEATS; ) {
    const start = performance.now();
    if (start >= until && best < Number.POSITIVE_INFINITY) break;
    device.run(new Array<Dispatch>(count).fill(command), "calibration");
    await device.finished();
    const spent = performance.now() - start;
    best = Math.min(best, spent / count);
    // The short ones on the way also wait for drivers that compile at first use.
    if (spent < BURST && count < MOST) count *= 2;
    else bursts += 1;
  }
  return best;
}
