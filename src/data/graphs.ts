/**
 * Points on the graph of a function, without noise: FFJORD's line and cos (which is a sine). All mass lies
 * on a curve, so there is no density in the plane, no entropy, and a flow's NLL falls without bound.
 */
import { sampler, type ToySet } from "./toy-set.js";

/** x uniform on [−2.5, 2.5], y = height(x). */
function graphSet(set: Pick<ToySet, "name" | "title" | "about">, height: (x: number) => number): ToySet {
  return {
    ...set,
    window: [-4, 4],
    sample: sampler((stream) => {
      const x = 5 * stream.uniform() - 2.5;
      return [x, height(x)];
    }),
  };
}

export const lineSet = graphSet(
  {
    name: "line",
    title: "Line",
    about: "A straight diagonal line without noise: a degenerate distribution.",
  },
  (x) => x,
);

export const cosSet = graphSet(
  { name: "cos", title: "Sine wave", about: "A sine wave without noise: a degenerate distribution." },
  (x) => 2.5 * Math.sin(x),
);
