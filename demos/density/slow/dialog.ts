/** Slow motion: one training step in five parts, played, stepped through, or pulled by the slider. */
import { colorAt } from "../../shared/colormap.js";
import { make, setText } from "../../shared/dom.js";
import { decimal, scientific } from "../../shared/format.js";
import { Plane } from "../../shared/plane.js";
import { button, Dialog } from "../data-in/dialog.js";
import { COLOR_FROM, FALL, RISE, Scene } from "./paint.js";
import { later, PHASES, type Place, placeAt, placeShowing, type Showing, showingAt } from "./phases.js";
import type { SlowStep } from "./protocol.js";

export interface SlowHooks {
  /** Takes the step in the run; the one after it will be shown then. */
  readonly onNextStep: () => void;
  /** Whether the run can take it. */
  readonly canStep: () => boolean;
  readonly onClose: () => void;
}

const LAST = PHASES.length - 1;

export class SlowDialog {
  readonly #canvas = make("canvas", { className: "plate" });
  readonly #words = make("p", { className: "soft slow-words" });
  readonly #hint = make("p", { className: "hint" });
  readonly #legend = make("div", { className: "slow-legend" });
  readonly #items = PHASES.map(({ title }, phase) => {
    const name = make("button", { type: "button", className: "slow-name" }, `${phase + 1}. ${title}`);
    name.addEventListener("click", () => this.#go(phase));
    const sentence = make("p", { className: "slow-sentence" });
    const numbers = make("dl", { className: "slow-numbers" });
    return { name, sentence, numbers, item: make("li", {}, name, sentence, numbers) };
  });
  readonly #back = button("Back", () => this.#go(this.#place.phase - 1));
  readonly #play = button("Play", () => (this.#playing ? this.#stop() : this.#start(true)));
  readonly #next = button("Next", () => this.#onNext(), "primary");
  readonly #slider = make("input", { type: "range", min: "0", max: String(PHASES.length), step: "any" });
  readonly #showing = (["before", "after", "change"] as const).map((value) =>
    make("input", { type: "radio", name: "slow-showing", value }),
  );
  readonly #choice: HTMLElement;
  readonly #dialog: Dialog;
  readonly #plane: Plane;
  readonly #stillness = matchMedia("(prefers-reduced-motion: reduce)");
  #scene: Scene | undefined;
  #place: Place = { phase: 0, progress: 0 };
  #playing = false;
  /** Whether playing goes on into the next part. */
  #runsOn = false;
  #last = 0;

  constructor(readonly hooks: SlowHooks) {
    this.#canvas.setAttribute("role", "img");
    this.#canvas.dataset.testid = "slow-plate";
    this.#words.setAttribute("role", "status");
    this.#slider.setAttribute("aria-label", "Place in the step");
    this.#slider.addEventListener("input", () => {
      this.#stop();
      this.#move(placeAt(Number(this.#slider.value)));
    });
    const titles: Record<Showing, string> = { before: "Before", after: "After", change: "Change" };
    this.#choice = make(
      "fieldset",
      { className: "row" },
      make("legend", { className: "visually-hidden" }, "Density"),
      ...this.#showing.map((radio) => {
        radio.addEventListener("change", () => {
          this.#stop();
          this.#move(placeShowing(radio.value as Showing));
        });
        return make("label", { className: "tick" }, radio, titles[radio.value as Showing]);
      }),
    );
    this.#dialog = new Dialog(
      "One training step in slow motion",
      make(
        "div",
        { className: "slow" },
        make("div", { className: "slow-picture" }, this.#canvas, this.#legend, this.#choice),
        make("ol", { className: "slow-strip" }, ...this.#items.map(({ item }) => item)),
      ),
      this.#words,
      make(
        "div",
        { className: "slow-controls" },
        this.#slider,
        make(
          "div",
          { className: "row" },
          this.#back,
          this.#next,
          this.#play,
          button("Close", () => this.close()),
        ),
        this.#hint,
      ),
    );
    const { element } = this.#dialog;
    element.classList.add("wide");
    element.dataset.testid = "slow";
    element.addEventListener("close", () => {
      this.#stop();
      this.hooks.onClose();
    });
    // Of the whole page: what has the focus may just have been disabled, and then keys go to the body.
    document.addEventListener("keydown", (event) => {
      if (this.isOpen) this.#onKey(event);
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#stop();
    });
    this.#plane = new Plane(this.#canvas, [-4, 4], (plane) => this.#scene?.paint(plane, this.#place));
  }

  /** Opens it, with nothing to show yet. */
  open(): void {
    this.#scene = undefined;
    this.#place = { phase: 0, progress: 0 };
    // Disabled before it opens, or the focus would go to a button that cannot keep it.
    this.#show();
    this.#dialog.open();
  }

  get isOpen(): boolean {
    return this.#dialog.element.open;
  }

  close(): void {
    if (this.isOpen) this.#dialog.close();
  }

  /** The next step is on its way. */
  wait(): void {
    this.#stop();
    this.#scene = undefined;
    this.#show();
  }

  take(step: SlowStep, window: readonly [number, number]): void {
    if (!this.isOpen) return;
    this.#scene = new Scene(step);
    this.#plane.window = window;
    this.#go(0);
    this.#next.focus({ preventScroll: true });
  }

  fail(reason: string): void {
    setText(this.#words, `This step cannot be shown: ${reason}`);
  }

  #onNext(): void {
    if (this.#place.phase < LAST) this.#go(this.#place.phase + 1);
    else this.hooks.onNextStep();
  }

  #onKey(event: KeyboardEvent): void {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target instanceof HTMLInputElement) return;
    if (key === "ArrowRight" && this.#place.phase < LAST) this.#go(this.#place.phase + 1);
    else if (key === "ArrowLeft") this.#go(this.#place.phase - 1);
    else return;
    event.preventDefault();
  }

  /** To the beginning of a part, which then runs; who asks for less motion sees its end at once. */
  #go(phase: number): void {
    if (!this.#scene) return;
    const still = this.#stillness.matches;
    this.#stop();
    this.#move({ phase: Math.max(0, phase), progress: still ? 1 : 0 });
    if (!still) this.#start(false);
  }

  #start(runsOn: boolean): void {
    if (!this.#scene) return;
    // Past the end of a part that has been seen: on to the next, or from the beginning.
    if (runsOn && this.#place.progress === 1) {
      this.#move({ phase: (this.#place.phase + 1) % PHASES.length, progress: 0 });
    }
    this.#runsOn = runsOn;
    if (runsOn) setText(this.#play, "Pause");
    this.#last = performance.now();
    if (this.#playing) return;
    this.#playing = true;
    requestAnimationFrame(() => this.#tick());
  }

  #stop(): void {
    this.#playing = false;
    setText(this.#play, "Play");
  }

  #tick(): void {
    if (!this.#playing) return;
    const now = performance.now();
    // A long pause between two frames must not make the points jump.
    const elapsed = Math.min(0.1, (now - this.#last) / 1000);
    this.#last = now;
    const next = later(this.#place, elapsed, this.#runsOn);
    this.#move(next);
    if (next.progress < 1) requestAnimationFrame(() => this.#tick());
    else this.#stop();
  }

  #move(place: Place): void {
    this.#place = place;
    this.#show();
  }

  #show(): void {
    const step = this.#scene?.step;
    const { phase, progress } = this.#place;
    for (const control of [this.#back, this.#play, this.#slider]) control.disabled = !step;
    this.#back.disabled ||= phase === 0;
    const isLast = phase === LAST;
    setText(this.#next, isLast ? "Next step" : "Next");
    this.#next.disabled = !step || (isLast && !(step.isNext && this.hooks.canStep()));
    this.#slider.value = String(phase + progress);
    for (const [i, { item, name, sentence, numbers }] of this.#items.entries()) {
      const isHere = step !== undefined && i === phase;
      name.disabled = !step;
      item.toggleAttribute("data-here", isHere);
      if (isHere) name.setAttribute("aria-current", "step");
      else name.removeAttribute("aria-current");
      if (!step) continue;
      setText(sentence, PHASES[i]!.sentence(step));
      // Parts that lie ahead have no numbers yet.
      const known = i > phase ? [] : PHASES[i]!.numbers(step, isHere ? progress : 1);
      const text = known.flatMap(([term, value]) => [make("dt", {}, term), make("dd", {}, value)]);
      numbers.replaceChildren(...text);
    }
    this.#choice.toggleAttribute("data-off", !(isLast && step));
    for (const radio of this.#showing) radio.checked = isLast && radio.value === showingAt(progress);
    this.#say();
    this.#showLegend();
    this.#plane.invalidate();
  }

  /** What the picture shows, once for each part. */
  #say(): void {
    const step = this.#scene?.step;
    const { phase } = this.#place;
    // Beside the strip it is for those who listen.
    this.#words.classList.toggle("visually-hidden", step !== undefined);
    if (!step) {
      setText(this.#words, "Recording a training step…");
      this.#canvas.setAttribute("aria-label", "Nothing yet");
      return;
    }
    const { title, sentence } = PHASES[phase]!;
    const text = `Part ${phase + 1} of ${PHASES.length}: ${title}. ${sentence(step)}`;
    this.#canvas.setAttribute("aria-label", text);
    setText(this.#words, text);
    const next = step.isNext ? " The run itself waits; this is the step that it takes next." : "";
    setText(this.#hint, `Keys ← and → go through the parts, Esc leaves.${next}`);
  }

  #showLegend(): void {
    const scene = this.#scene;
    const { phase, progress } = this.#place;
    const isChange = phase === LAST && showingAt(progress) === "change";
    const isColored = phase === 2 || phase === 3;
    this.#legend.toggleAttribute("data-off", !(scene && (isChange || isColored)));
    const bar = make("div", { className: "legend-bar" });
    const most = scientific(scene?.mostChange ?? 0);
    const [low, high] = scene?.range ?? [0, 0];
    const ends = isChange
      ? [`−${most}`, "change of p", most]
      : [`≤ ${decimal(low, 1)}`, "log p in nats", decimal(high, 1)];
    const stops = isChange
      ? [`rgb(${FALL.join(" ")})`, "#000000", `rgb(${RISE.join(" ")})`]
      : [0, 1, 2, 3, 4].map((i) => colorAt(COLOR_FROM + ((1 - COLOR_FROM) * i) / 4));
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const ticks = make("div", { className: "legend-ticks" }, ...ends.map((text) => make("span", {}, text)));
    this.#legend.replaceChildren(bar, ticks);
  }
}
