/**
 * How a training step goes into submissions: whole where its work allows it, else cut between steps of its solves. An
 * operating system resets a GPU whose one submission runs for seconds.
 */
import type { Command } from "../gpu/submit.js";
import type { Steps } from "../ode/runner.js";

/** Commands that are submitted together. */
export interface Part {
  readonly commands: readonly Command[];
  /** Multiply-adds; 0 for what takes no time beside evaluations of the field. */
  readonly work: number;
}

export const light = (commands: readonly Command[]): Part => ({ commands, work: 0 });

/** A solve: a part for each of `count` calls of `at`, and what is before and after them. */
export function solveParts(steps: Steps, count: number): Part[] {
  const { begin, work, end = [] } = steps;
  const taken = Array.from({ length: count }, (_, n) => ({ commands: steps.at(n), work }));
  return [light(begin), ...taken, light(end)];
}

/**
 * The same commands in the same order, in as few parts of at most `most` multiply-adds as can be. A part that has more
 * by itself is not cut.
 */
export function joinParts(parts: readonly Part[], most: number): Part[] {
  const joined: { commands: Command[]; work: number }[] = [];
  for (const { commands, work } of parts) {
    const last = joined.at(-1);
    const fits = last && (work === 0 || last.work === 0 || last.work + work <= most);
    if (fits) {
      for (const command of commands) last.commands.push(command);
      last.work += work;
    } else {
      joined.push({ commands: [...commands], work });
    }
  }
  return joined;
}
