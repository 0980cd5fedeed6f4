/**
 * Draws pictures from tensors on the device that computes them, onto a canvas or into memory. Nothing is read back
 * unless `pixels` asks for it.
 */
import { arrows } from "../generated/render/arrows.js";
import { contours } from "../generated/render/contours.js";
import { density } from "../generated/render/density.js";
import { dots } from "../generated/render/dots.js";
import { heat } from "../generated/render/heat.js";
import { lines } from "../generated/render/lines.js";
import { type Bindable, type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { FjordError } from "../gpu/errors.js";
import { type KernelOf, packStruct, type UniformValues } from "../gpu/kernel.js";
import { createRenderer, type Draw, PICTURE_FORMAT, type Renderer } from "../gpu/render-pipeline.js";
import type { Dispatch } from "../gpu/submit.js";
import { deviceOf } from "../tensor/tensor.js";
import { type Color, checkPicture, type Layer, type Moving, type Picture } from "./layers.js";

const MODULES = { heat, contours, dots, lines, arrows };
/** Vertices of one triangle over everything, and of a square (plot.wgsl). */
const WHOLE = 3;
const SQUARE = 6;
/** Uniform blocks stand at multiples of this. */
const BLOCK = 256;
/** Rows of a texture that is copied to a buffer begin at multiples of this. */
const ROW = 256;

type Renderers = Record<keyof typeof MODULES, Renderer>;
type DensityKernel = KernelOf<typeof density, "main">;

/** What density.wgsl makes of a grid. */
interface Prepared {
  readonly cells: number;
  readonly values: Buffer;
  readonly shown: Buffer;
  readonly facts: Buffer;
}

/** Owns what drawing needs beside the tensors; made by {@link painter}. Tensors stay their owner's. */
export class Painter {
  readonly #prepared: Prepared[] = [];
  #blocks: Buffer | undefined;
  #disposed = false;

  constructor(
    readonly device: Device,
    private readonly renderers: Renderers,
    private readonly densityKernel: DensityKernel,
  ) {}

  /**
   * Draws a picture into a texture of format rgba8unorm with the usage RENDER_ATTACHMENT, and of the picture's size.
   * @throws ArgumentError naming what is wrong with the picture; FjordError `disposed`; DeviceLostError
   */
  draw(target: GPUTexture, picture: Picture): void {
    if (this.#disposed) throw new FjordError("disposed", "The painter was used after dispose().");
    checkPicture(picture);
    const known = new Map<Moving, Prepared>();
    const dispatches: Dispatch[] = [];
    for (const layer of picture.layers) {
      if ((layer.kind === "heat" || layer.kind === "contours") && !known.has(layer.values)) {
        const prepared = this.#roomFor(known.size, layer.values.from.size);
        known.set(layer.values, prepared);
        dispatches.push(this.#prepare(prepared, layer.values, picture.layers));
      }
    }
    const draws = picture.layers.flatMap((layer, i) => this.#drawOf(layer, i, picture, known));
    const [r, g, b] = picture.background;
    const encode = (encoder: GPUCommandEncoder) => {
      const begun = encoder.beginRenderPass({
        colorAttachments: [
          { view: target.createView(), loadOp: "clear", storeOp: "store", clearValue: { r, g, b, a: 1 } },
        ],
      });
      for (const { pipeline, bindGroup, vertices } of draws) {
        begun.setPipeline(pipeline);
        begun.setBindGroup(0, bindGroup);
        begun.draw(vertices);
      }
      begun.end();
    };
    this.device.run([...dispatches, { kind: "encode", encode }], "picture");
  }

  /**
   * The picture as [size, size, 4] bytes red, green, blue, opacity (always 255), row 0 at the top: what ImageData takes.
   * @throws as draw()
   */
  async pixels(picture: Picture): Promise<Uint8ClampedArray<ArrayBuffer>> {
    const { size } = picture;
    checkPicture(picture);
    const usage = GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC;
    const texture = this.device.gpu.createTexture({ size: [size, size], format: PICTURE_FORMAT, usage });
    const bytesPerRow = Math.ceil((4 * size) / ROW) * ROW;
    const group = new BufferGroup();
    try {
      this.draw(texture, picture);
      const copied = group.add(this.device.buffer({ label: "picture", size: bytesPerRow * size }));
      const encode = (encoder: GPUCommandEncoder) =>
        encoder.copyTextureToBuffer({ texture }, { buffer: copied.gpu, bytesPerRow }, [size, size]);
      this.device.run([{ kind: "encode", encode }], "picture to buffer");
      const rows = new Uint8Array(await this.device.read(copied));
      const pixels = new Uint8ClampedArray(4 * size * size);
      for (let row = 0; row < size; row++) {
        pixels.set(rows.subarray(row * bytesPerRow, row * bytesPerRow + 4 * size), 4 * row * size);
      }
      return pixels;
    } finally {
      group.dispose();
      texture.destroy();
    }
  }

  /**
   * Takes a canvas that has no context yet, for example one that was transferred to the worker that owns the device.
   * @returns draws a picture on it, in its size; the canvas shows it when the current task ends
   * @throws FjordError `webgpu-unavailable` when the canvas has a context of another kind
   */
  onCanvas(canvas: OffscreenCanvas | HTMLCanvasElement): (picture: Picture) => void {
    const context = canvas.getContext("webgpu") as GPUCanvasContext | null;
    if (!context) {
      throw new FjordError("webgpu-unavailable", "This canvas gives no WebGPU context.", "Use pixels().");
    }
    context.configure({ device: this.device.gpu, format: PICTURE_FORMAT, alphaMode: "opaque" });
    return (picture) => {
      this.device.assertUsable();
      if (canvas.width !== picture.size) canvas.width = picture.size;
      if (canvas.height !== picture.size) canvas.height = picture.size;
      this.draw(context.getCurrentTexture(), picture);
    };
  }

  #prepare(room: Prepared, values: Moving, layers: readonly Layer[]): Dispatch {
    const [start, end, share] = buffersOf(values);
    const using = layers.filter((layer) => "values" in layer && layer.values === values);
    const scale = using.find((layer) => layer.kind === "heat")?.scale ?? "linear";
    const shares = using.find((layer) => layer.kind === "contours")?.shares ?? [];
    const params = {
      shares: filled(shares),
      cells: room.cells,
      share,
      range: scale === "linear" ? 0 : scale.nats,
      levels: shares.length,
    };
    const block = packStruct("density", density.structs.Params, params);
    return this.densityKernel.bind(
      {
        params: this.#block(layers.indexOf(using[0]!) + layers.length, 2 * layers.length, block),
        from_grid: start,
        to_grid: end,
        values: room.values,
        shown: room.shown,
        facts: room.facts,
      },
      [1, 1, 1],
    );
  }

  #drawOf(layer: Layer, i: number, picture: Picture, known: Map<Moving, Prepared>): readonly Draw[] {
    const [low, high] = picture.window;
    const [bottom, top] = picture.windowY ?? picture.window;
    const size = [picture.size, picture.size];
    const place = { window: [low, bottom, high, top], size };
    const over = (values: UniformValues, buffers: Record<string, Bindable>, vertices: number) => {
      if (vertices < 1) return [];
      const renderer = this.renderers[layer.kind];
      const bytes = packStruct(layer.kind, renderer.module.structs.Params!, values);
      const params = this.#block(i, 2 * picture.layers.length, bytes);
      const bindGroup = renderer.bind({ params, ...buffers });
      return [{ pipeline: renderer.pipeline, bindGroup, vertices }];
    };
    switch (layer.kind) {
      case "heat": {
        const { shown } = known.get(layer.values)!;
        const { colors, values } = layer;
        deviceOf(colors);
        const params = { size, alpha: 1, side: Math.sqrt(values.from.size), hues: colors.shape[0]! };
        return over(params, { shown, colors: colors.buffer }, WHOLE);
      }
      case "contours": {
        const { values, facts } = known.get(layer.values)!;
        const { width, alphas, color } = layer;
        const params = { color: [...color, 1], alphas: filled(alphas), size, width };
        return over({ ...params, side: Math.sqrt(layer.values.from.size) }, { values, facts }, WHOLE);
      }
      case "dots": {
        const [from_points, to_points, share] = buffersOf(layer.points);
        const { color, alpha, radius } = layer;
        const hues = "of" in color ? color : undefined;
        if (hues) deviceOf(hues.colors, hues.of, layer.points.from);
        const params = {
          ...place,
          color: [...(hues ? [0, 0, 0] : (color as Color)), alpha],
          radius,
          share,
          hues: hues?.colors.shape[0] ?? 0,
        };
        // Where there are no colours to look up, anything may stand in their place.
        const colors = hues?.colors.buffer ?? from_points;
        const buffers = { from_points, to_points, colors, color_of: hues?.of.buffer ?? from_points };
        return over(params, buffers, SQUARE * (layer.count ?? layer.points.from.shape[0]!));
      }
      case "lines": {
        const [from_points, to_points, share] = buffersOf(layer.points);
        const { color, alpha, width, points } = layer;
        const n = points.from.shape[0]!;
        const nodes = layer.nodes ?? n;
        const [first, last] = layer.part ?? [0, nodes - 1];
        const params = { ...place, color: [...color, alpha], width, share, nodes, first, last };
        const segments = first < last ? Math.ceil(last) - Math.floor(first) : 0;
        return over(params, { from_points, to_points }, SQUARE * (n / Math.max(1, nodes)) * segments);
      }
      case "arrows": {
        const [from_field, to_field, share] = buffersOf(layer.field);
        const { color, alpha, width, head, scale, field } = layer;
        const [rows = 0, columns = 0] = field.from.shape;
        const params = { ...place, color: [...color, alpha], width, share, scale, head, rows, columns };
        return over(params, { from_field, to_field }, SQUARE * rows * columns);
      }
    }
  }

  /** Place `i` of `count` for the numbers of a draw call; used again for every picture. */
  #block(i: number, count: number, bytes: Uint8Array): Bindable {
    const { device } = this;
    if (!this.#blocks || this.#blocks.size < count * BLOCK) {
      // All places of a picture come from the first call for it: nothing refers to the old ones any more.
      this.#blocks?.dispose();
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      this.#blocks = device.buffer({ label: "picture parameters", size: count * BLOCK, usage });
    }
    const view = { buffer: this.#blocks, offset: i * BLOCK, size: bytes.byteLength };
    device.write(view, bytes);
    return view;
  }

  #roomFor(i: number, cells: number): Prepared {
    const known = this.#prepared[i];
    if (known?.cells === cells) return known;
    if (known) dispose(known);
    const buffer = (what: string, count: number) =>
      this.device.buffer({ label: `picture ${what}`, size: 4 * count });
    const made = {
      cells,
      values: buffer("values", cells),
      shown: buffer("levels", cells),
      facts: buffer("facts", 8),
    };
    this.#prepared[i] = made;
    return made;
  }

  /** Frees the GPU memory. Calling it again does nothing. */
  dispose(): void {
    this.#disposed = true;
    this.#blocks?.dispose();
    this.#blocks = undefined;
    this.#prepared.splice(0).forEach(dispose);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function dispose({ values, shown, facts }: Prepared): void {
  for (const buffer of [values, shown, facts]) buffer.dispose();
}

/** @throws FjordError `disposed`; ArgumentError for tensors of two devices */
function buffersOf({ from, to = from, share = 0 }: Moving): [Buffer, Buffer, number] {
  deviceOf(from, to);
  return [from.buffer, to.buffer, share];
}

const filled = (values: readonly number[]): number[] => Array.from({ length: 4 }, (_, i) => values[i] ?? 0);

/** Compiles what pictures need. @throws KernelCompilationError, DeviceLostError */
export async function painter(device: Device): Promise<Painter> {
  const kernel = device.kernel(density, "main");
  const names = Object.keys(MODULES) as (keyof typeof MODULES)[];
  const made = await Promise.all(names.map((name) => createRenderer(device.gpu, MODULES[name])));
  const renderers = Object.fromEntries(names.map((name, i) => [name, made[i]!])) as Renderers;
  return new Painter(device, renderers, await kernel);
}
