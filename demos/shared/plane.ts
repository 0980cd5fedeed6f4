/** A square plot of the plane on a 2-D canvas: a dark plate with axes around it, in device pixels. */
import { arrowPath } from "./arrow.js";
import { colorAt } from "./colormap.js";
import { onThemeChange, token } from "./theme.js";

const MARGIN = { left: 30, right: 10, top: 8, bottom: 26 };

const NO_MARGIN = { left: 0, right: 0, top: 0, bottom: 0 };

/** Further room where the axes have names. */
const NAMES = { left: 16, bottom: 18 };

/** Side of a plate on a desktop, CSS pixels. */
const USUAL_SIDE = 520;

export interface Dots {
  /** [n, 2] row-major, in data coordinates. */
  readonly points: ArrayLike<number>;
  /** One CSS colour for all, or a wheel of them with `colorOf` choosing for each point. */
  readonly colors: readonly string[];
  readonly colorOf?: Uint8Array;
  /** CSS pixels on a plate of usual size; smaller on a smaller one. */
  readonly radius: number;
  /** Opacity that 1,000 points get. */
  readonly alpha: number;
}

export class Plane {
  #context: CanvasRenderingContext2D;
  #ratio = 1;
  /** Left, top and side of the plate in CSS pixels. */
  #plate = { left: MARGIN.left, top: MARGIN.top, side: 1 };
  #queued = 0;
  /** [low, high] upwards, where it is not that of both axes. */
  windowY: readonly [number, number] | undefined;
  /** The plate alone, without axes. */
  bare = false;
  /** What the axes stand for, with units. */
  names: { readonly x: string; readonly y: string } | undefined;

  /**
   * @param window [low, high] of both axes, in data coordinates
   * @param paint draws the layers; called at most once a frame, after invalidate(), a resize or a new theme
   */
  constructor(
    readonly canvas: HTMLCanvasElement,
    public window: readonly [number, number],
    readonly paint: (plane: Plane) => void,
  ) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser has no 2-D canvas.");
    this.#context = context;
    new ResizeObserver(() => this.invalidate()).observe(canvas);
    onThemeChange(() => this.invalidate());
  }

  invalidate(): void {
    this.#queued ||= requestAnimationFrame(() => {
      this.#queued = 0;
      this.#fit();
      this.#axes();
      this.paint(this);
    });
  }

  /** What the canvas shows, on one of its own with this many pixels a CSS pixel and the page's surface behind it. */
  snapshot(ratio: number): HTMLCanvasElement {
    this.#fit();
    const { canvas } = this;
    const copy = document.createElement("canvas");
    copy.width = Math.round(canvas.clientWidth * ratio);
    copy.height = Math.round(canvas.clientHeight * ratio);
    const [context, before] = [this.#context, this.#ratio];
    this.#context = copy.getContext("2d")!;
    this.#ratio = ratio;
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#axes();
    this.paint(this);
    // Behind what is there: the axes clear the canvas first.
    this.#context.globalCompositeOperation = "destination-over";
    this.#context.fillStyle = token("--surface");
    this.#context.fillRect(0, 0, canvas.clientWidth, canvas.clientHeight);
    this.#context = context;
    this.#ratio = before;
    return copy;
  }

  /** Device pixels of a CSS pixel. */
  get ratio(): number {
    return this.#ratio;
  }

  /** Pixels along a side of the plate, at so many a CSS pixel. */
  sideAt(ratio: number): number {
    return Math.max(1, Math.round(this.#plate.side * ratio));
  }

  /** Gives the canvas the pixels it is shown with. */
  #fit(): void {
    const { clientWidth, clientHeight } = this.canvas;
    this.#ratio = Math.min(devicePixelRatio || 1, 3);
    const width = Math.max(1, Math.round(clientWidth * this.#ratio));
    const height = Math.max(1, Math.round(clientHeight * this.#ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const margin = this.bare ? NO_MARGIN : MARGIN;
    const left = margin.left + (this.names ? NAMES.left : 0);
    const { top } = margin;
    const across = clientWidth - left - margin.right;
    const down = clientHeight - top - margin.bottom - (this.names ? NAMES.bottom : 0);
    this.#plate = { left, top, side: Math.max(1, Math.floor(Math.min(across, down))) };
    this.#context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
  }

  #axes(): void {
    const context = this.#context;
    const { left, top, side } = this.#plate;
    context.clearRect(0, 0, this.canvas.clientWidth, this.canvas.clientHeight);
    context.fillStyle = colorAt(0);
    context.fillRect(left, top, side, side);
    if (this.bare) return;
    context.fillStyle = context.strokeStyle = token("--ink-soft");
    context.lineWidth = 1;
    context.font = `12px ${token("--font")}`;
    const label = ([low, high]: readonly [number, number], i: number) =>
      String(low + (i * (high - low)) / 4).replace("-", "−");
    for (let i = 0; i <= 4; i++) {
      // Half pixels keep hairlines sharp.
      const x = Math.round(left + (i / 4) * side) + (i === 4 ? -0.5 : 0.5);
      const y = Math.round(top + side - (i / 4) * side) + (i === 0 ? -0.5 : 0.5);
      context.beginPath();
      context.moveTo(x, top + side);
      context.lineTo(x, top + side + 4);
      context.moveTo(left - 4, y);
      context.lineTo(left, y);
      context.stroke();
      context.textAlign = "center";
      context.textBaseline = "top";
      context.fillText(label(this.window, i), x, top + side + 7);
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText(label(this.windowY ?? this.window, i), left - 7, y);
    }
    if (!this.names) return;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillText(this.names.x, left + side / 2, top + side + MARGIN.bottom + NAMES.bottom);
    context.save();
    context.translate(4, top + side / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "top";
    context.fillText(this.names.y, 0, 0);
    context.restore();
  }

  /** From data coordinates to CSS pixels of the canvas. */
  #scale() {
    const { left, top, side } = this.#plate;
    const [low, high] = this.window;
    const [bottom, ceiling] = this.windowY ?? this.window;
    return {
      x: (value: number) => left + ((value - low) * side) / (high - low),
      y: (value: number) => top + ((ceiling - value) * side) / (ceiling - bottom),
    };
  }

  /** The place in the plane under a pointer; undefined outside the plate. */
  placeOf(event: { readonly offsetX: number; readonly offsetY: number }): [x: number, y: number] | undefined {
    const { left, top, side } = this.#plate;
    const [low, high] = this.window;
    const [bottom, ceiling] = this.windowY ?? this.window;
    const across = (event.offsetX - left) / side;
    const down = (event.offsetY - top) / side;
    if (!(across >= 0 && across <= 1 && down >= 0 && down <= 1)) return undefined;
    return [low + across * (high - low), ceiling - down * (ceiling - bottom)];
  }

  /** Runs `draw` with everything outside the plate cut off. */
  #onPlate(draw: (context: CanvasRenderingContext2D) => void): void {
    const context = this.#context;
    const { left, top, side } = this.#plate;
    context.save();
    context.beginPath();
    context.rect(left, top, side, side);
    context.clip();
    draw(context);
    context.restore();
  }

  /** An image that covers the window, smoothed to the size of the plate. */
  image(image: CanvasImageSource): void {
    const { left, top, side } = this.#plate;
    this.#onPlate((context) => {
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      context.drawImage(image, left, top, side, side);
    });
  }

  /** Makes the plate see-through, and lays what is to be seen there exactly below it. */
  uncover(below: HTMLElement): void {
    const { left, top, side } = this.#plate;
    this.#context.clearRect(left, top, side, side);
    Object.assign(below.style, {
      left: `${this.canvas.offsetLeft + left}px`,
      top: `${this.canvas.offsetTop + top}px`,
      width: `${side}px`,
      height: `${side}px`,
    });
  }

  /** Many dots, fainter the more there are, so that crowds still show where they are densest. */
  dots({ points, colors, colorOf, radius, alpha }: Dots): void {
    const { side } = this.#plate;
    const at = this.#scale();
    const size = Math.max(0.75, radius * Math.min(1.2, side / USUAL_SIDE));
    const sprites = colors.map((color) => sprite(color, size, this.#ratio));
    const half = (sprites[0]?.width ?? 0) / 2 / this.#ratio;
    this.#onPlate((context) => {
      context.globalAlpha = Math.min(1, Math.max(0.12, alpha * Math.sqrt(2000 / points.length)));
      for (let i = 0; 2 * i < points.length; i++) {
        const disc = sprites[colorOf?.[i] ?? 0]!;
        const x = at.x(points[2 * i]!) - half;
        const y = at.y(points[2 * i + 1]!) - half;
        context.drawImage(disc, x, y, 2 * half, 2 * half);
      }
    });
  }

  /** Open lines, each [k, 2] in data coordinates. */
  lines(paths: readonly ArrayLike<number>[], color: string, alpha: number, width = 1): void {
    const at = this.#scale();
    this.#onPlate((context) => {
      context.globalAlpha = alpha;
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      for (const path of paths) {
        for (let i = 0; 2 * i < path.length; i++) {
          const x = at.x(path[2 * i]!);
          const y = at.y(path[2 * i + 1]!);
          if (i === 0) context.moveTo(x, y);
          else context.lineTo(x, y);
        }
      }
      context.stroke();
    });
  }

  /** Arrows from their tails, each [x, y, dx, dy] in data coordinates; too short ones are dots. */
  arrows(arrows: readonly ArrayLike<number>[], color: string, alpha: number): void {
    const at = this.#scale();
    this.#onPlate((context) => {
      context.globalAlpha = alpha;
      context.strokeStyle = color;
      context.lineWidth = 1.25;
      context.lineCap = "round";
      context.beginPath();
      for (const arrow of arrows) {
        const tip = [at.x(arrow[0]! + arrow[2]!), at.y(arrow[1]! + arrow[3]!)] as const;
        arrowPath(context, [at.x(arrow[0]!), at.y(arrow[1]!)], tip, 5);
      }
      context.stroke();
    });
  }
}

const sprites = new Map<string, HTMLCanvasElement>();

/** A disc drawn once: copying it is many times faster than filling an arc for every point. */
function sprite(color: string, radius: number, ratio: number): HTMLCanvasElement {
  const key = `${color} ${radius} ${ratio}`;
  const known = sprites.get(key);
  if (known) return known;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(2 * radius * ratio) + 2;
  const context = canvas.getContext("2d")!;
  context.fillStyle = color;
  context.beginPath();
  context.arc(canvas.width / 2, canvas.width / 2, radius * ratio, 0, 2 * Math.PI);
  context.fill();
  sprites.set(key, canvas);
  return canvas;
}
