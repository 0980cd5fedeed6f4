/** The numbers beside the picture and the two charts. */
import { Chart } from "../shared/chart.js";
import { byId, setText } from "../shared/dom.js";
import { decimal, integer, rate } from "../shared/format.js";
import { ADAPTIVE, type Config } from "./config.js";
import { History, type Row } from "./history.js";
import type { Frame, Progress } from "./protocol.js";
import { setOf } from "./sets.js";

/** Beyond what grid and held-out points leave uncertain. */
const EXCESS_MASS = 0.02;
const BELOW_FLOOR = 0.1;

const field = (name: string) => byId(`value-${name}`, HTMLElement);

export class Numbers {
  readonly #history = new History();
  #floor: number | undefined;
  #heldOut: number | undefined;
  readonly #nll = new Chart(byId("chart-nll", HTMLElement), {
    yLabel: "NLL (nats)",
    height: 220,
    curves: [
      { label: "training", color: "--ink-soft", width: 1 },
      { label: "held out", color: "--accent", width: 2.5, joined: true },
      { label: "entropy of the data", color: "--warm", dash: [6, 5] },
    ],
  });
  readonly #nfe = new Chart(byId("chart-nfe", HTMLElement), {
    yLabel: "evaluations",
    height: 150,
    counts: true,
    curves: [
      { label: "forward", color: "--accent", width: 2 },
      { label: "backward", color: "--warm", width: 2 },
    ],
  });

  reset(config: Config): void {
    this.#history.clear();
    this.#floor = setOf(config.set).entropy;
    this.#heldOut = undefined;
    byId("coarse", HTMLElement).hidden = true;
    setText(field("step"), "0");
    setText(field("floor"), decimal(this.#floor));
    for (const name of ["loss", "held-out", "kl", "mass", "speed", "nfe"]) setText(field(name), "–");
    // With fixed steps the count never changes, so its number says it all.
    byId("chart-nfe", HTMLElement).hidden = !ADAPTIVE.includes(config.solver);
    this.#draw(0);
  }

  /** The curves so far, oldest first. */
  get rows(): readonly Row[] {
    return this.#history.rows;
  }

  /** Shows the curves of a run that was kept. */
  restore(rows: readonly Row[]): void {
    this.#history.restore(rows);
    const step = rows.at(-1)?.step ?? 0;
    const last = (name: "loss" | "heldOut") =>
      rows
        .map((row) => row[name])
        .filter((value) => value !== null)
        .at(-1);
    this.#heldOut = last("heldOut");
    setText(field("step"), integer(step));
    setText(field("loss"), decimal(last("loss")));
    setText(field("held-out"), decimal(this.#heldOut));
    this.#draw(step);
  }

  showProgress(progress: Progress): void {
    this.#history.add(progress);
    setText(field("step"), integer(progress.step));
    setText(field("loss"), decimal(progress.loss));
    setText(field("speed"), rate(progress.stepsPerSecond));
    setText(field("nfe"), `${integer(progress.nfe)} + ${integer(progress.nfeBackward)}`);
    if (progress.heldOut !== undefined) {
      this.#heldOut = progress.heldOut;
      setText(field("held-out"), decimal(progress.heldOut));
      setText(field("kl"), decimal(progress.kl));
    }
    this.#draw(progress.step);
  }

  showFrame({ mass }: Frame): void {
    setText(field("mass"), decimal(mass));
    // Less than 1 is no sign of it: the window cuts off tails.
    const belowFloor =
      this.#heldOut !== undefined && this.#floor !== undefined && this.#heldOut < this.#floor - BELOW_FLOOR;
    byId("coarse", HTMLElement).hidden = mass <= 1 + EXCESS_MASS && !belowFloor;
  }

  #draw(step: number): void {
    const heldOut = this.#heldOut === undefined ? "" : ` The held-out NLL is ${decimal(this.#heldOut)} nats.`;
    const floor =
      this.#floor === undefined ? "" : ` The data have an entropy of ${decimal(this.#floor)} nats.`;
    const after = `after ${integer(step)} training steps.`;
    this.#nll.update(this.#history.nll(this.#floor), `Negative log-likelihood ${after}${heldOut}${floor}`);
    this.#nfe.update(this.#history.evaluations(), `Evaluations of the field per training step, ${after}`);
  }
}
