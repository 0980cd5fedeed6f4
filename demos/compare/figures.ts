/** The figures of both sides, in a table with a column for each, and what they say in a sentence. */
import { setOf } from "../density/sets.js";
import type { Course } from "../shared/course.js";
import { byId, make, setText } from "../shared/dom.js";
import { decimal, integer } from "../shared/format.js";
import { type Pair, SIDES, type SideName } from "./pair.js";
import { pathLength } from "./paths.js";
import type { Judged, Progress } from "./protocol.js";

/** Nats that say nothing: what the held-out points of one run or another make of the same flow. */
const NOTHING = 0.005;

export class Figures {
  #judged: Partial<Record<SideName, Judged>> = {};
  #seconds: Record<SideName, number> = { a: 0, b: 0 };

  reset({ a }: Pair): void {
    this.#judged = {};
    this.#seconds = { a: 0, b: 0 };
    for (const side of SIDES) {
      for (const name of ["loss", "held-out", "kl", "nfe", "time", "seconds"])
        show(name, side, undefined, "–");
      show("step", side, 0, "0");
    }
    this.forgetPaths();
    setText(byId("floor", HTMLElement), decimal(setOf(a).entropy));
    this.#compare();
  }

  /** The flows are about to change, and the next course is that of others. */
  forgetPaths(): void {
    for (const side of SIDES) show("path", side, undefined, "–");
  }

  showPaths(side: SideName, course: Course): void {
    const length = pathLength(course);
    show("path", side, length, decimal(length, 2));
  }

  showParameters(parameters: Readonly<Record<SideName, number>>): void {
    for (const side of SIDES) show("parameters", side, parameters[side], integer(parameters[side]));
  }

  showProgress({ side, step, loss, nfe, nfeBackward, stepTime, seconds }: Progress): void {
    this.#seconds[side] = seconds;
    show("step", side, step, integer(step));
    show("loss", side, loss, decimal(loss));
    show("nfe", side, nfe + nfeBackward, `${integer(nfe)} + ${integer(nfeBackward)}`);
    show("time", side, stepTime, decimal(stepTime, stepTime < 10 ? 2 : 1));
    show("seconds", side, seconds, decimal(seconds, 1));
  }

  showJudged(judged: Judged): void {
    this.#judged[judged.side] = judged;
    show("held-out", judged.side, judged.heldOut, decimal(judged.heldOut));
    show("kl", judged.side, judged.kl, decimal(judged.kl));
    this.#compare();
  }

  /** For the ear as well as for the eye, so only when both are known at the same step. */
  #compare(): void {
    const { a, b } = this.#judged;
    const place = byId("verdict", HTMLElement);
    if (!a || !b || a.step + b.step === 0) {
      setText(place, "Start, and both learn the same data in turns.");
      return;
    }
    if (a.step !== b.step) return;
    const gap = b.heldOut - a.heldOut;
    const time = `A has trained for ${decimal(this.#seconds.a, 1)} s, B for ${decimal(this.#seconds.b, 1)} s.`;
    const better =
      Math.abs(gap) < NOTHING
        ? "they are equally good on held-out points"
        : Number.isFinite(gap)
          ? `${gap > 0 ? "A" : "B"} is ${decimal(Math.abs(gap), 2)} nats better on held-out points`
          : "one of them gives some held-out points no probability at all";
    setText(place, `After ${integer(a.step)} steps each, ${better}. ${time}`);
  }
}

/** The figure as the table shows it, and all its digits for those who copy it. */
function show(name: string, side: SideName, value: number | undefined, text: string): void {
  const cell = byId(`${name}-${side}`, HTMLElement);
  if (cell.textContent === text && cell.firstElementChild) return;
  cell.replaceChildren(make("data", { value: value === undefined ? "" : String(value) }, text));
}
