/** How far the points of a course travel. */
import type { Course } from "../shared/course.js";

/**
 * Mean length of the paths from noise to data, in the coordinates of the flow: 1 is a standard deviation of the data.
 * Straight lines between the course's times, so it falls short of a curved path by a little.
 */
export function pathLength({ samples, std }: Pick<Course, "samples" | "std">): number {
  let sum = 0;
  for (let i = 1; i < samples.length; i++) {
    const [before, after] = [samples[i - 1]!, samples[i]!];
    for (let at = 0; at < after.length; at += 2) {
      const dx = (after[at]! - before[at]!) / std[0];
      const dy = (after[at + 1]! - before[at + 1]!) / std[1];
      sum += Math.hypot(dx, dy);
    }
  }
  return sum / ((samples[0]?.length ?? 0) / 2);
}
