/** The numbers of a run, and the curve of its NLL above the entropy of the picture. */
import { Chart } from "../shared/chart.js";
import { byId, setText } from "../shared/dom.js";
import { decimal, integer, rate } from "../shared/format.js";
import type { Frame, Judged, Progress } from "./protocol.js";

/** Beyond what a grid leaves uncertain. */
const EXCESS_MASS = 0.02;
/** More points than a chart has pixels serve nobody: beyond this every second one is dropped. */
const MOST = 1200;

const field = (name: string) => byId(`value-${name}`, HTMLElement);

export class Numbers {
  readonly #chart = new Chart(byId("chart-nll", HTMLElement), {
    yLabel: "NLL (nats)",
    height: 220,
    curves: [
      { label: "training", color: "--ink-soft", width: 1 },
      { label: "held out", color: "--accent", width: 2.5 },
      { label: "entropy of the picture", color: "--warm", dash: [6, 5] },
    ],
  });
  #rows: Judged[] = [];
  #entropy: number | undefined;

  /** @param entropy of what is learned, nats; undefined: there is nothing */
  reset(entropy: number | undefined): void {
    this.#entropy = entropy;
    this.#rows = [];
    setText(field("entropy"), decimal(entropy));
    setText(field("step"), "0");
    for (const name of ["train", "held-out", "kl", "mass", "speed", "nfe"]) setText(field(name), "–");
    byId("coarse", HTMLElement).hidden = true;
    this.#draw();
  }

  showProgress({ step, stepsPerSecond, nfe }: Progress): void {
    setText(field("step"), integer(step));
    setText(field("speed"), rate(stepsPerSecond));
    setText(field("nfe"), integer(nfe));
  }

  showJudged(judged: Judged): void {
    // The same step again is judged by more points.
    if (this.#rows.at(-1)?.step === judged.step) this.#rows.pop();
    this.#rows.push(judged);
    if (this.#rows.length > MOST)
      this.#rows = this.#rows.filter((_, i) => i % 2 === 0 || i === this.#rows.length - 1);
    setText(field("train"), decimal(judged.train));
    setText(field("held-out"), decimal(judged.heldOut));
    setText(field("kl"), decimal(judged.heldOut - (this.#entropy ?? Number.NaN)));
    this.#draw();
  }

  showFrame({ mass }: Frame): void {
    setText(field("mass"), decimal(mass));
    // Less than 1 is no sign of it: the window cuts off tails.
    byId("coarse", HTMLElement).hidden = mass <= 1 + EXCESS_MASS;
  }

  #draw(): void {
    const rows = this.#rows;
    const last = rows.at(-1);
    const text = last
      ? `held out ${decimal(last.heldOut)} nats after ${integer(last.step)} steps`
      : "nothing yet";
    this.#chart.update(
      [
        rows.map(({ step }) => step),
        rows.map(({ train }) => train),
        rows.map(({ heldOut }) => heldOut),
        rows.map(() => this.#entropy ?? null),
      ],
      `Negative log-likelihood in nats: ${text}; the picture has an entropy of ${decimal(this.#entropy)} nats.`,
    );
  }
}
