/** The numbers beside the picture; the charts under it come when the page has been painted. */
import { byId, setText } from "../shared/dom.js";
import { decimal, integer, rate, scientific } from "../shared/format.js";
import type { Charts } from "./charts.js";
import { ADAPTIVE, type Config } from "./config.js";
import { History, type Row } from "./history.js";
import type { Frame, Progress } from "./protocol.js";
import type { Check } from "./protocol-view.js";
import { setOf } from "./sets.js";
import { standingText } from "./standing.js";

/** Beyond what grid and held-out points leave uncertain. */
const EXCESS_MASS = 0.02;
const BELOW_FLOOR = 0.1;

const field = (name: string) => byId(`value-${name}`, HTMLElement);

export class Numbers {
  readonly #history = new History();
  #charts: Charts | undefined;
  #coming: Promise<void> | undefined;
  #floor: number | undefined;
  #heldOut: number | undefined;
  #step = 0;
  #progress: Progress | undefined;
  #device = "";

  /** The library that draws them is fetched after the first picture, or when there are curves. */
  #wantCharts(): void {
    this.#coming ??= import("./charts.js").then(({ Charts }) => {
      this.#charts = new Charts(this.#history);
      this.#draw();
    });
  }

  reset(config: Config): void {
    this.#history.clear();
    this.#floor = setOf(config).entropy;
    this.#heldOut = undefined;
    this.#step = 0;
    this.#progress = undefined;
    this.#showStanding();
    byId("coarse", HTMLElement).hidden = true;
    setText(field("step"), "0");
    setText(field("floor"), decimal(this.#floor));
    for (const name of ["loss", "held-out", "kl", "mass", "speed", "nfe", "time"]) setText(field(name), "–");
    this.forget();
    const { solver, solverSteps, rtol } = config;
    const steps = ADAPTIVE.includes(solver) ? `tolerance ${rtol}` : `${solverSteps} steps`;
    setText(field("solver"), `${solver}, ${steps}`);
    this.#draw();
  }

  /** The flow is about to change: what was checked no longer holds. */
  forget(): void {
    for (const name of ["round-median", "round-max"]) setText(field(name), "–");
  }

  /** The curves so far, oldest first. */
  get rows(): readonly Row[] {
    return this.#history.rows;
  }

  /** Shows the curves of a run that was kept. */
  restore(rows: readonly Row[]): void {
    this.#wantCharts();
    this.#history.restore(rows);
    this.#step = rows.at(-1)?.step ?? 0;
    const last = (name: "loss" | "heldOut") =>
      rows
        .map((row) => row[name])
        .filter((value) => value !== null)
        .at(-1);
    this.#heldOut = last("heldOut");
    this.#showStanding();
    setText(field("step"), integer(this.#step));
    setText(field("loss"), decimal(last("loss")));
    setText(field("held-out"), decimal(this.#heldOut));
    this.#draw();
  }

  showProgress(progress: Progress): void {
    this.#wantCharts();
    this.#history.add(progress);
    this.#step = progress.step;
    this.#progress = progress;
    this.#showStanding();
    setText(field("step"), integer(progress.step));
    setText(field("loss"), decimal(progress.loss));
    setText(field("speed"), rate(progress.stepsPerSecond));
    setText(field("time"), decimal(progress.seconds, 1));
    setText(field("nfe"), `${integer(progress.nfe)} + ${integer(progress.nfeBackward)}`);
    if (progress.heldOut !== undefined) {
      this.#heldOut = progress.heldOut;
      setText(field("held-out"), decimal(progress.heldOut));
      setText(field("kl"), decimal(progress.kl));
    }
    this.#draw();
  }

  showFrame({ mass }: Frame): void {
    this.#wantCharts();
    setText(field("mass"), decimal(mass));
    // Less than 1 is no sign of it: the window cuts off tails.
    const belowFloor =
      this.#heldOut !== undefined && this.#floor !== undefined && this.#heldOut < this.#floor - BELOW_FLOOR;
    byId("coarse", HTMLElement).hidden = mass <= 1 + EXCESS_MASS && !belowFloor;
  }

  showCheck({ median, max, f32 }: Check): void {
    const verdict = f32?.isOk ? "ok" : "not as promised";
    setText(field("self-test"), f32 ? `${verdict}, ${decimal(f32.ulp, 1)} ULP` : "–");
    setText(field("round-median"), scientific(median));
    setText(field("round-max"), scientific(max));
  }

  /** What computes, in words. */
  set device(name: string) {
    this.#device = name;
    this.#showStanding();
  }

  /** NLL of the held-out points when it was last known, nats. */
  get heldOut(): number | undefined {
    return this.#heldOut;
  }

  #showStanding(): void {
    setText(byId("standing", HTMLElement), standingText(this.#step, this.#progress, this.#device));
  }

  #draw(): void {
    const heldOut = this.#heldOut === undefined ? "" : ` The held-out NLL is ${decimal(this.#heldOut)} nats.`;
    const floor =
      this.#floor === undefined ? "" : ` The data have an entropy of ${decimal(this.#floor)} nats.`;
    this.#charts?.draw(this.#floor, `after ${integer(this.#step)} training steps.${heldOut}${floor}`);
  }
}
