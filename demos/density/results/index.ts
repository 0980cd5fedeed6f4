/**
 * What leaves the page: links, files and code; what comes back: weights, and the run that this browser has kept. The
 * parts that write files are fetched when they are first wanted.
 */
import { byId, setText } from "../../shared/dom.js";
import { download } from "../../shared/download.js";
import type { Notice } from "../../shared/notice.js";
import { forgetTheme } from "../../shared/theme.js";
import type { Config } from "../config.js";
import type { Row } from "../history.js";
import { lessonQuery } from "../lesson.js";
import { fragmentOf } from "../link.js";
import type { Numbers } from "../numbers.js";
import type { Beginning, Command, Event } from "../protocol.js";
import { OWN, type OwnData, ownData, setOf } from "../sets.js";
import type { View } from "../view.js";
import { ForClass } from "./class.js";
import type { FileKind } from "./export.js";
import type { Kept } from "./keep.js";

export interface ResultsHooks {
  readonly config: () => Config;
  /** Whether the run began from weights that somebody had already. */
  readonly isFromWeights: () => boolean;
  readonly view: View;
  readonly numbers: Numbers;
  readonly send: (command: Command) => void;
  /** Begins a run with what was kept or chosen. */
  readonly open: (state: {
    config: Config;
    own?: OwnData;
    beginning: Beginning;
    rows?: readonly Row[];
  }) => void;
  readonly notice: Notice;
  /** Where a kept run is offered: over the page, which does not move for it. */
  readonly offer: Notice;
}

type Given = Extract<Event, { type: "saved" | "drawn" }>;

/** Samples in an exported file. */
const SAMPLES = 5_000;
/** Between two savings of a run that trains, ms. */
const KEEP_EVERY = 30_000;

const HINTS: Record<FileKind, string> = {
  png: "The picture as it is, with twice as many pixels.",
  svg: "Lines of equal density: the smallest regions that hold 25, 50, 75 and 95 % of the probability.",
  samples: "5,000 new points that the flow draws.",
  npy: "log p in nats on the grid of the picture: rows upwards, columns to the right.",
  npz: "The same with the coordinates of the cells, for numpy.load.",
  weights: "The flow as a model file, for this page and the library.",
  settings: "All settings; open or drop the file here to have them again.",
  curves: "Every point of the three charts.",
};

export class Results {
  readonly #status = byId("results-status", HTMLElement);
  readonly #kind = byId("file-kind", HTMLSelectElement);
  readonly #text = byId("code", HTMLTextAreaElement);
  #waiting: { command: Command["type"]; resolve: (event: Given) => void; reject: (error: Error) => void }[] =
    [];
  #lastKept = performance.now();
  /** The step that was kept last: what has not moved is not kept again. */
  #keptStep = 0;
  #step = 0;
  #asked = false;
  readonly #class = new ForClass(location.search);

  constructor(readonly hooks: ResultsHooks) {
    byId("copy-link", HTMLButtonElement).addEventListener("click", () => void this.#copyLink());
    byId("save-file", HTMLButtonElement).addEventListener("click", () => void this.#saveFile());
    byId("copy-typescript", HTMLButtonElement).addEventListener(
      "click",
      () => void this.#copyCode("typescript"),
    );
    byId("copy-python", HTMLButtonElement).addEventListener("click", () => void this.#copyCode("python"));
    byId("clear-kept", HTMLButtonElement).addEventListener("click", () => void this.#clear());
    const weights = byId("open-weights", HTMLInputElement);
    weights.addEventListener("change", async () => {
      const file = weights.files?.[0];
      if (file) await this.openWeights(new Uint8Array(await file.arrayBuffer()), file.name);
      weights.value = "";
    });
    const hint = () => setText(byId("file-hint", HTMLElement), HINTS[this.#kind.value as FileKind]);
    this.#kind.addEventListener("change", hint);
    hint();
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.keep();
    });
  }

  /** A new run begins: what was asked of the old one will not come. */
  drop(): void {
    for (const { reject } of this.#waiting) reject(new Error("A new run has begun meanwhile."));
    this.#waiting = [];
    this.#step = this.#keptStep = 0;
  }

  onProgress({ step }: { readonly step: number }): void {
    this.#step = step;
    if (performance.now() - this.#lastKept >= KEEP_EVERY) this.keep();
  }

  onGiven(event: Given): void {
    if (event.type === "saved" && event.purpose === "keep") {
      void this.#store(event.beginning);
      return;
    }
    const command = event.type === "saved" ? "save" : "draw";
    const at = this.#waiting.findIndex((one) => one.command === command);
    this.#waiting.splice(at, at < 0 ? 0 : 1)[0]?.resolve(event);
  }

  /** The first time that the page is at work: offers the run that was kept, unless something else is being said. */
  async onReady(): Promise<void> {
    if (this.#asked) return;
    this.#asked = true;
    await this.offerKept();
  }

  /** Offers the run that was kept, if there is one and nothing else is being said. */
  async offerKept(): Promise<void> {
    const { notice, offer, open } = this.hooks;
    const { keptText, readKept } = await import("./keep.js");
    const kept = await readKept();
    if (!kept || !notice.host.hidden) return;
    offer.show(
      "This browser has kept a run.",
      keptText(kept),
      {
        label: "Restore",
        run: () => {
          offer.hide();
          open(kept);
          this.#step = this.#keptStep = kept.beginning.step;
        },
      },
      { label: "Not now", run: () => offer.hide() },
      {
        label: "Clear all data",
        run: () => {
          offer.hide();
          void this.#clear();
        },
      },
    );
  }

  /** Keeps the run in this browser, if it has moved since it was kept. */
  keep(): void {
    if (this.#step === this.#keptStep) return;
    this.#keptStep = this.#step;
    this.#lastKept = performance.now();
    this.hooks.send({ type: "save", purpose: "keep" });
  }

  async openWeights(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<void> {
    const { weightsConfig } = await import("./weights.js");
    try {
      const config = weightsConfig(bytes, this.hooks.config());
      this.hooks.open({ config, beginning: { bytes, resume: false, step: 0, weights: true } });
      this.#say(`${name} is open; Start trains it further.`);
    } catch (error) {
      this.hooks.notice.show("This file cannot be used as weights.", messageOf(error));
    }
  }

  async #store(beginning: Beginning): Promise<void> {
    const { keep } = await import("./keep.js");
    const config = this.hooks.config();
    const own = config.set === OWN ? ownData() : undefined;
    const kept: Kept = {
      version: 1,
      when: Date.now(),
      config,
      beginning,
      rows: this.hooks.numbers.rows,
      own,
    };
    await keep(kept);
    document.body.dataset.kept = String(beginning.step);
  }

  async #clear(): Promise<void> {
    const { forget } = await import("./keep.js");
    forgetTheme();
    await forget();
    delete document.body.dataset.kept;
    this.#say(
      "The run, the theme and measurements of the device are gone from this browser; what stays are the site’s own files.",
    );
  }

  #say(text: string): void {
    setText(this.#status, text);
  }

  async #copyLink(): Promise<void> {
    const config = this.hooks.config();
    const own = ownData();
    const { origin, pathname } = location;
    const link = `${origin}${pathname}${lessonQuery(this.#class.lesson)}#${fragmentOf(config, own)}`;
    const about =
      config.set === OWN && own?.kind === "file"
        ? "It has every setting, but not the points of your file."
        : "It has every setting, but not what was learned.";
    await this.#copy(link, `Link copied. ${about}`);
  }

  async #copyCode(language: "typescript" | "python"): Promise<void> {
    const { pythonOf, typescriptOf } = await import("./code.js");
    const config = this.hooks.config();
    const own = config.set === OWN ? ownData() : undefined;
    const text = language === "python" ? pythonOf(config, own) : typescriptOf(config, own);
    const note = "The run on the page began from given weights; this program begins untrained.";
    const mark = language === "python" ? "#" : "//";
    const first = this.hooks.isFromWeights() ? `${mark} ${note}\n` : "";
    await this.#copy(first + text, language === "python" ? "Python copied." : "TypeScript copied.");
  }

  /** Shows the text too: a clipboard may be refused. */
  async #copy(text: string, done: string): Promise<void> {
    this.#text.value = text;
    this.#text.hidden = false;
    try {
      await navigator.clipboard.writeText(text);
      this.#say(done);
    } catch {
      this.#text.select();
      this.#say("This browser lets no page copy: take the text from the field below.");
    }
  }

  #ask(command: Extract<Command, { type: "save" | "draw" }>): Promise<Given> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command: command.type, resolve, reject });
      this.hooks.send(command);
    });
  }

  async #saveFile(): Promise<void> {
    const kind = this.#kind.value as FileKind;
    const { config, view, numbers } = this.hooks;
    const { fileOf } = await import("./export.js");
    const set = setOf(config());
    this.#say("Making the file…");
    try {
      const made = await fileOf(kind, {
        name: set.name,
        config: config(),
        window: set.window,
        own: config().set === OWN ? ownData() : undefined,
        frame: view.frame,
        rows: numbers.rows,
        snapshot: () => view.snapshot(2),
        samples: async () => {
          const given = await this.#ask({ type: "draw", count: SAMPLES });
          return given.type === "drawn" ? given.points : new Float32Array();
        },
        weights: async () => {
          const given = await this.#ask({ type: "save", purpose: "weights" });
          return given.type === "saved" ? given.beginning.bytes : new Uint8Array();
        },
      });
      download(made);
      this.#say(`${made.name} is saved.`);
    } catch (error) {
      this.#say(messageOf(error));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
