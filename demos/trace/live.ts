/** The running estimates as they are drawn and played: funnel, histogram and table, over the number of probes. */
import { byId, setText } from "../shared/dom.js";
import { decimal } from "../shared/format.js";
import { Player } from "../shared/player.js";
import { Draws } from "./draws.js";
import { type Drawings, Funnel } from "./funnel.js";
import { Histogram } from "./histogram.js";
import { LOOKS } from "./looks.js";
import { showFacts, showMoments } from "./numbers.js";
import { type Drawn, type Examined, type Independent, MOST_PROBES, WALKERS } from "./protocol.js";
import { variance } from "./theory.js";

/** Half of the histogram's window, in standard deviations of the widest. */
const ROOM = 3;

export class Live {
  readonly #funnel = new Funnel();
  readonly #histogram = new Histogram(byId("histogram", HTMLElement), "estimate of the trace");
  readonly #player = new Player({
    seconds: 10,
    onMove: () => this.#move(),
    describe: (progress) => `n = ${probesAt(progress)}`,
  });
  #draws = emptyDraws();
  #kinds: readonly Independent[] = [];
  #examined: Examined | undefined;

  /** Shows these kinds of probes and no others. */
  show(kinds: readonly Independent[]): void {
    this.#kinds = kinds;
    this.#funnel.show(kinds);
    this.#histogram.show(kinds);
    this.#move();
    this.#tell();
  }

  /** Another place: nothing is drawn yet. @param play whether the slider moves by itself */
  begin(examined: Examined, play: boolean): void {
    this.#examined = examined;
    this.#draws = emptyDraws();
    showFacts(examined);
    this.#player.enable();
    this.#player.jump(play ? 0 : 1);
    if (play) this.#player.play();
  }

  /** @returns how many estimates of this kind there are */
  add({ distribution, estimates }: Drawn): number {
    const draws = this.#draws[distribution];
    draws.add(estimates);
    this.#move();
    this.#tell();
    return draws.moments.count;
  }

  stop(): void {
    this.#player.disable();
  }

  /** Averages over as many probes as the slider says, or as there are. */
  #move(): void {
    if (!this.#examined) return;
    const { facts } = this.#examined;
    const wanted = probesAt(this.#player.progress);
    this.#funnel.update(facts, this.#draws, wanted);
    const n = Math.min(wanted, ...this.#kinds.map((kind) => this.#draws[kind].drawn));
    if (n === 0) return;
    const told = this.#kinds.map((kind) => {
      const { deviation } = this.#draws[kind].band(n);
      const theory = Math.sqrt(variance(kind, facts, n));
      return `${LOOKS[kind].name} ${decimal(deviation)} (theory ${decimal(theory)})`;
    });
    setText(byId("band-text", HTMLElement), `Deviation of averages over ${n}: ${told.join(", ")}.`);
  }

  /** What there is of single estimates. */
  #tell(): void {
    if (!this.#examined) return;
    const { facts } = this.#examined;
    showMoments(facts, this.#draws, this.#kinds);
    const room = ROOM * Math.max(...this.#kinds.map((kind) => Math.sqrt(variance(kind, facts))), 1e-6);
    this.#histogram.update(
      this.#kinds.map((kind) => this.#draws[kind].singles),
      facts.trace,
      [facts.trace - room, facts.trace + room],
      `Single estimates about the exact trace ${decimal(facts.trace)}; their means and variances are in the table beside.`,
    );
  }
}

function emptyDraws(): Drawings {
  return { rademacher: new Draws(WALKERS, MOST_PROBES), gaussian: new Draws(WALKERS, MOST_PROBES) };
}

/** The slider's places are even in the logarithm. */
function probesAt(progress: number): number {
  return Math.round(MOST_PROBES ** progress);
}
