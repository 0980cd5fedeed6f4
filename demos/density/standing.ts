/** How training stands, in one line below its buttons, which the picture is beside. */
import { decimal, integer, rate } from "../shared/format.js";
import type { Progress } from "./protocol.js";

/** @param progress none before the first report of a run @param device that computes, once it is known */
export function standingText(step: number, progress: Progress | undefined, device: string): string {
  const parts = [`Step ${integer(step)}`];
  if (progress) {
    const { loss, stepsPerSecond, nfe, nfeBackward, seconds } = progress;
    // The warm start has no likelihood.
    if (loss !== undefined) parts.push(`NLL ${decimal(loss, 2)} nats`);
    parts.push(
      `${rate(stepsPerSecond)} steps/s`,
      `${integer(nfe)} + ${integer(nfeBackward)} evaluations`,
      `${decimal(seconds, 0)} s`,
    );
  }
  if (device) parts.push(device);
  return parts.join(" · ");
}
