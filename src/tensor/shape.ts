/** Shapes as plain lists of extents: checks, row-major strides and broadcasting. No GPU in here. */
import { ArgumentError, integerIn } from "../gpu/errors.js";

export type Shape = readonly number[];

/** Axes a tensor has at most: kernels take extents and strides as vec4. */
export const MAX_AXES = 4;

export function shapeText(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Number of entries; 1 for the shape [] of a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((size, extent) => size * extent, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/**
 * The shape as a list of its own.
 * @throws ArgumentError unless it has at most 4 axes, each an integer of at least 0
 */
export function checkedShape(shape: Shape): number[] {
  if (shape.length > MAX_AXES) {
    throw new ArgumentError(`Shape ${shapeText(shape)} has ${shape.length} axes.`, "A tensor has at most 4.");
  }
  for (const [axis, extent] of shape.entries()) {
    integerIn(`Axis ${axis} of shape ${shapeText(shape)}`, extent, 0, 0xffffffff);
  }
  return [...shape];
}

/** An axis counted from the front, -1 being the last. @throws ArgumentError for an axis that is not there */
export function checkedAxis(axis: number, shape: Shape): number {
  integerIn(`The axis for shape ${shapeText(shape)}`, axis, -shape.length, shape.length - 1);
  return axis < 0 ? axis + shape.length : axis;
}

/** Row-major strides, in entries. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** A list of at most 4 numbers as a vec4, with `fill` in front. */
export function padded(list: readonly number[], fill: number): number[] {
  return [...new Array<number>(MAX_AXES - list.length).fill(fill), ...list];
}

/**
 * The shape that both operands are stretched to: aligned at the last axis, an extent of 1 (or an axis that is not
 * there) repeats. So [n, d] goes with [n, d], [d], [1, d], [n, 1], [1] and [].
 * @throws ArgumentError naming both shapes when they do not go together
 */
export function broadcastShape(a: Shape, b: Shape): number[] {
  const axes = Math.max(a.length, b.length);
  return Array.from({ length: axes }, (_, axis) => {
    const x = a[axis - axes + a.length] ?? 1;
    const y = b[axis - axes + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ArgumentError(
        `Shapes ${shapeText(a)} and ${shapeText(b)} do not broadcast: ${x} against ${y}.`,
        "Counted from the last axis, extents must be equal or 1.",
      );
    }
    return x === 1 ? y : x;
  });
}

/** Strides as a vec4 for reading `shape` stretched to `to`: 0 along every axis that repeats. */
export function broadcastStrides(shape: Shape, to: Shape): number[] {
  const strides = stridesOf(shape).map((stride, axis) =>
    shape[axis] === to[axis + to.length - shape.length] ? stride : 0,
  );
  return padded(strides, 0);
}
