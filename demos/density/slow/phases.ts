/** The five parts of a training step, in words and numbers, and the place within them. */
import { decimal, integer, scientific } from "../../shared/format.js";
import type { SlowStep } from "./protocol.js";

/** Where the walk is: a part, 0 to 4, and how much of it has passed. */
export interface Place {
  readonly phase: number;
  /** 0 … 1. */
  readonly progress: number;
}

export interface Phase {
  readonly title: string;
  /** Of the animation. */
  readonly seconds: number;
  /** What happens, in a sentence. */
  readonly sentence: (step: SlowStep) => string;
  /** The numbers at this place of the part. */
  readonly numbers: (step: SlowStep, progress: number) => readonly (readonly [name: string, value: string])[];
}

export const PHASES: readonly Phase[] = [
  {
    title: "Draw a batch",
    seconds: 3,
    sentence: ({ batch, rows, isNext }) =>
      `${integer(batch.length / 2)} of the ${integer(rows)} points are drawn at random; this step sees only these.` +
      // A warm start has neither solve nor likelihood that could be shown.
      (isNext ? "" : " It is a step of exact likelihood; the run’s warm start comes before it."),
    numbers: ({ step, batch }) => [
      ["Step", integer(step)],
      ["Batch", `${integer(batch.length / 2)} points`],
    ],
  },
  {
    title: "Carry it to the noise",
    seconds: 5,
    sentence: ({ times }) =>
      `The solver follows the field from t = 0 to T in ${count(times.length - 1, "step")}; each dot on a path is one of its steps.`,
    numbers: ({ T, nfe }, progress) => [
      ["t", decimal(T * progress, 2)],
      ["Field evaluations", integer(nfe)],
    ],
  },
  {
    title: "Read off log p",
    seconds: 3,
    sentence: () =>
      "log p of a point is that of the noise where it has arrived, plus the stretching of space on its way, ∫ ∇·f dt.",
    numbers: ({ before }) => [["NLL, the mean of −log p", `${decimal(before)} nats`]],
  },
  {
    title: "Walk back with the adjoint",
    seconds: 5,
    sentence: ({ isEstimated }) =>
      "An arrow says where a point would be more probable. Carried back through the same steps, it tells every weight what to do" +
      (isEstimated ? "; the run itself estimates this with a random probe." : "."),
    numbers: (step, progress) => [
      ["Gradient so far, its length", decimal(gatheredAt(step, progress))],
      ["Field evaluations, backwards", integer(step.nfeBackward)],
    ],
  },
  {
    title: "Update the weights",
    seconds: 6,
    sentence: ({ parameters }) =>
      `Adam moves the ${integer(parameters)} weights a little against the gradient, and the density with them.`,
    numbers: ({ gradNorm, updateNorm, paramNorm, lr, before, after }) => [
      ["Gradient, its length", decimal(gradNorm)],
      ["Learning rate", String(lr)],
      ["Change of the weights", `${scientific(updateNorm)}, ${decimal((100 * updateNorm) / paramNorm, 2)} %`],
      ["NLL of the batch", `${decimal(before)} → ${decimal(after)} nats`],
    ],
  },
];

const LAST = PHASES.length - 1;

/** The place so many parts from the beginning, as the slider counts: 0 … 5. */
export function placeAt(position: number): Place {
  const phase = Math.min(LAST, Math.max(0, Math.floor(position)));
  return { phase, progress: Math.min(1, Math.max(0, position - phase)) };
}

/** Some seconds later: within the part, or on into the next ones. */
export function later({ phase, progress }: Place, seconds: number, isRunningOn: boolean): Place {
  const next = progress + seconds / PHASES[phase]!.seconds;
  if (next < 1 || !isRunningOn || phase === LAST) return { phase, progress: Math.min(1, next) };
  return { phase: phase + 1, progress: 0 };
}

/** Position of a time within descending or ascending times: which interval, and how far into it. */
export function within(times: readonly number[], t: number): { index: number; share: number } {
  const last = times.length - 2;
  let index = 0;
  while (index < last && t > times[index + 1]!) index++;
  const [from, to] = [times[index]!, times[index + 1]!];
  return { index, share: Math.min(1, Math.max(0, (t - from) / (to - from))) };
}

/** Norm of the gradient that the steps already walked back have given; whole steps count. */
export function gatheredAt({ gathered, times, T }: SlowStep, progress: number): number {
  const t = T * (1 - progress);
  return gathered[times.findIndex((time) => time >= t - 1e-6 * T)] ?? 0;
}

/** What of the two densities the last part shows. */
export type Showing = "before" | "after" | "change";
const SHOWING: readonly (readonly [Showing, number])[] = [
  ["before", 0.25],
  ["after", 0.5],
  ["change", 1],
];

export function showingAt(progress: number): Showing {
  return SHOWING.find(([, until]) => progress < until)?.[0] ?? "change";
}

/** A place in the last part at which this is shown. */
export function placeShowing(showing: Showing): Place {
  const until = SHOWING.find(([name]) => name === showing)![1];
  return { phase: LAST, progress: showing === "change" ? 1 : until - 0.05 };
}

function count(value: number, noun: string): string {
  return `${integer(value)} ${noun}${value === 1 ? "" : "s"}`;
}
