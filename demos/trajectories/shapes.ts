/** What can be dropped: a particle, or several that keep the shape in which they began. */
export const SHAPES = ["particle", "row", "ring", "cell"] as const;
export type Shape = (typeof SHAPES)[number];

export interface Drop {
  readonly shape: Shape;
  /** Of its middle, in data coordinates. */
  readonly x: number;
  readonly y: number;
}

/** Few enough to be told apart, and to share the steps of one solve. */
export const MOST_PARTICLES = 64;

const ROW = { count: 9, length: 2 };
const RING = { count: 16, radius: 0.5 };
const CELL = { perSide: 4, side: 0.8 };

/** Whether the particles of a shape enclose an area. */
export function isClosed(shape: Shape): boolean {
  return shape === "ring" || shape === "cell";
}

/** Its particles, [n, 2], neighbours one after the other. */
export function particlesOf({ shape, x, y }: Drop): number[] {
  if (shape === "row") {
    return Array.from({ length: ROW.count }, (_, i) => [
      x + ROW.length * (i / (ROW.count - 1) - 0.5),
      y,
    ]).flat();
  }
  if (shape === "ring") {
    return Array.from({ length: RING.count }, (_, i) => {
      const angle = (2 * Math.PI * i) / RING.count;
      return [x + RING.radius * Math.cos(angle), y + RING.radius * Math.sin(angle)];
    }).flat();
  }
  if (shape === "cell") {
    // A quarter of the way round is one side, from a corner to the next.
    return Array.from({ length: 4 * CELL.perSide }, (_, i) => {
      const along = CELL.side * ((i % CELL.perSide) / CELL.perSide - 0.5);
      const edge = CELL.side / 2;
      const [u, v] = [
        [along, -edge],
        [edge, along],
        [-along, edge],
        [-edge, -along],
      ][Math.floor(i / CELL.perSide)] as [number, number];
      return [x + u, y + v];
    }).flat();
  }
  return [x, y];
}

/** The drops with one more; the oldest are taken away where there would be too many particles. */
export function withDrop(drops: readonly Drop[], added: Drop): Drop[] {
  const all = [...drops, added];
  const count = () => all.reduce((sum, drop) => sum + particlesOf(drop).length / 2, 0);
  while (count() > MOST_PARTICLES) all.shift();
  return all;
}

/** For the address: "ring,-1,1.8;row,1,-1.2". */
export function dropsText(drops: readonly Drop[]): string {
  return drops.map(({ shape, x, y }) => [shape, +x.toFixed(2), +y.toFixed(2)].join()).join(";");
}

/** The reverse; what is not a drop within the window is left out. */
export function dropsFrom(text: string, [low, high]: readonly [number, number]): Drop[] {
  const inside = (value: number) => value >= low && value <= high;
  return text.split(";").reduce<Drop[]>((drops, part) => {
    const [name, x, y] = part.split(",");
    const shape = SHAPES.find((one) => one === name);
    const [right, up] = [Number(x || Number.NaN), Number(y || Number.NaN)];
    return shape && inside(right) && inside(up) ? withDrop(drops, { shape, x: right, y: up }) : drops;
  }, []);
}
