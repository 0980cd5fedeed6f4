/** The image page: a picture becomes a density, and a flow learns it. Address parameters: see config.ts. */
import { io } from "fjordgpu";
import { byId, setText } from "../shared/dom.js";
import { download, pngOf } from "../shared/download.js";
import type { Failure } from "../shared/failure.js";
import { listenForFiles } from "../shared/file-in.js";
import { integer } from "../shared/format.js";
import { Notice } from "../shared/notice.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { BUILTIN_NAMES, builtin } from "./builtin.js";
import { type Config, PLAIN, PRESETS, wishOf } from "./config.js";
import { Controls } from "./controls.js";
import {
  densityOf,
  drawPoints,
  entropyOf,
  type Picture,
  PictureError,
  type PixelDensity,
} from "./density.js";
import { Gallery } from "./gallery.js";
import { Numbers } from "./numbers.js";
import { type Command, type Event, type Opened, type Progress, SAMPLES } from "./protocol.js";
import { readPicture } from "./read.js";
import { View } from "./view.js";

type State =
  | "opening"
  | "empty"
  | "ready"
  | "training"
  | "pausing"
  | "paused"
  | "finished"
  | "trouble"
  | "stopped";

/** What the main button says in each state. */
const BUTTON: Record<State, string> = {
  opening: "Start",
  empty: "Start",
  ready: "Start",
  training: "Pause",
  pausing: "Pausing…",
  paused: "Resume",
  finished: "Done",
  trouble: "Start",
  stopped: "Start",
};

/** The name under which the gallery has the reader's own picture. */
const OWN = "own";
/** Samples in a file. */
const SAVED = 10_000;

const wish = wishOf(location.search);
const go = byId("go", HTMLButtonElement);
const reset = byId("reset", HTMLButtonElement);
const saveSamples = byId("save-samples", HTMLButtonElement);
const notice = new Notice(byId("notice", HTMLElement));
const pictures = new Map<string, Picture>(BUILTIN_NAMES.map((name) => [name, builtin(name)]));
let state: State = "opening";
let phase: Progress["phase"] = "warm-start";
let opened: Opened | undefined;
/** Whether training begins as soon as the next run is ready. */
let startWhenReady = wish.start;
let chosen: string = wish.picture;
/** What is learned; undefined where the picture has no light left. */
let density: PixelDensity | undefined;
/** The notice is about a picture, and goes when there is a good one. */
let complained = false;

themeToggle(byId("theme", HTMLButtonElement));

const view = new View();
const numbers = new Numbers();
const first: Config = { ...PRESETS.hardware, ...wish.changes };
const controls = new Controls(wish.tone, first, { onTone: aim, onChange: change });
const gallery = new Gallery(byId("gallery", HTMLElement), choose);
const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});

for (const [name, picture] of pictures) gallery.add(name, picture);
gallery.show(chosen);
go.addEventListener("click", () => {
  if (state === "training") {
    enter("pausing");
    client.send({ type: "pause" });
  } else {
    resume();
  }
});
reset.addEventListener("click", () => begin(false));
listenForFiles({
  input: byId("open-file", HTMLInputElement),
  area: byId("picture-card", HTMLElement),
  onFile: openFile,
});
document.addEventListener("visibilitychange", () => {
  client.send({ type: "visible", visible: !document.hidden });
});
saveSamples.addEventListener("click", () => client.send({ type: "draw", count: SAVED }));
byId("save-picture", HTMLButtonElement).addEventListener("click", async () => {
  download({ name: `${fileStem()}-learned.png`, content: await pngOf(view.snapshot()) });
});

if (wish.ignored.length > 0) {
  notice.show("Part of the address was not understood and is ignored.", wish.ignored.join(", "));
}
aim();
begin(startWhenReady);
client.begin({ type: "open" });

function isTraining(): boolean {
  return state === "training" || state === "pausing";
}

async function openFile(file: File): Promise<void> {
  try {
    const picture = await readPicture(file);
    pictures.set(OWN, picture);
    gallery.add(OWN, picture);
    choose(OWN);
  } catch (error) {
    complain(error);
  }
}

function choose(name: string): void {
  chosen = name;
  gallery.show(name);
  change();
}

/** What is learned, or what learns it, is another: a new run, which goes on where the one before was going on. */
function change(): void {
  keepInAddress();
  aim();
  begin(isTraining());
}

/** Turns the picture into the density, and shows it. */
function aim(): void {
  const picture = pictures.get(chosen)!;
  try {
    density = densityOf(picture, controls.tone);
  } catch (error) {
    density = undefined;
    view.aim(undefined);
    complain(error);
    return;
  }
  if (complained) notice.hide();
  complained = false;
  const { points, seed } = controls.config;
  const drawn = drawPoints(density, Math.min(points, SAMPLES), seed);
  view.aim({ title: picture.title, density, points: drawn.points });
}

/** A picture of the reader's own cannot be put into it. */
function keepInAddress(): void {
  const address = new URLSearchParams(location.search);
  const { points, hidden, seed, kinetic, jacobian } = controls.config;
  const { points: usual, seed: zero } = PRESETS.hardware;
  const { invert, cut, contrast } = controls.tone;
  const keep = (name: string, value: string | number, isKept: boolean) => {
    if (isKept) address.set(name, String(value));
    else address.delete(name);
  };
  keep("picture", chosen, chosen !== OWN);
  keep("invert", 1, invert);
  keep("cut", cut, cut !== PLAIN.cut);
  keep("contrast", Number(contrast.toFixed(3)), contrast !== PLAIN.contrast);
  keep("points", points, points !== usual);
  keep("seed", seed, seed !== zero);
  keep("kinetic", kinetic, kinetic !== 0);
  keep("jacobian", jacobian, jacobian !== 0);
  keep("hidden", hidden, !Object.values(PRESETS).some((preset) => preset.hidden === hidden));
  history.replaceState(null, "", `?${address}`);
}

function complain(error: unknown): void {
  const text = error instanceof PictureError ? error.message : String(error);
  complained = true;
  notice.show("This picture cannot be learned.", text);
}

/** Drops the current run and prepares one with the picture and the settings of the form. */
function begin(start: boolean): void {
  view.reset();
  numbers.reset(density && entropyOf(density));
  phase = "warm-start";
  // Without a device the picture can still be looked at.
  if (state === "stopped") return;
  startWhenReady ||= start;
  if (state === "trouble") notice.hide();
  enter(density ? "opening" : "empty");
  if (!opened) return;
  if (density) client.begin({ type: "configure", config: controls.config, density });
  else client.begin({ type: "rest" });
}

function resume(): void {
  view.leave();
  enter("training");
  client.send({ type: "start" });
}

function onOpened(event: Opened): void {
  opened = event;
  const { adapter, isSoftware } = event;
  setText(byId("value-adapter", HTMLElement), isSoftware ? `${adapter}, software` : adapter);
  byId("adapter-note", HTMLElement).hidden = !isSoftware;
  if (isSoftware) {
    // What the reader has chosen meanwhile stays.
    const { points, seed, hidden, kinetic, jacobian } = controls.config;
    const kept = hidden === first.hidden ? {} : { hidden };
    const now = { points, seed, kinetic, jacobian, ...kept };
    controls.config = { ...PRESETS.software, ...wish.changes, ...now };
  }
  client.send({ type: "visible", visible: !document.hidden });
  begin(startWhenReady);
}

function onEvent(event: Event): void {
  switch (event.type) {
    case "opened":
      onOpened(event);
      break;
    case "ready":
      setText(byId("value-parameters", HTMLElement), integer(event.parameters));
      if (startWhenReady) resume();
      else enter("ready");
      startWhenReady = false;
      break;
    case "progress":
      numbers.showProgress(event);
      if (phase !== event.phase) {
        phase = event.phase;
        enter(state);
      }
      break;
    case "judged":
      numbers.showJudged(event);
      break;
    case "frame":
      numbers.showFrame(event);
      view.take(event);
      break;
    case "samples":
      view.take(event);
      break;
    case "course":
    case "moment":
      // On its way when training went on: the flow is another by now.
      if (!isTraining()) view.take(event);
      break;
    case "drawn":
      download({
        name: `${fileStem()}-samples.csv`,
        content: new Blob([io.writeCsv(["x", "y"], io.float32Rows(event.points, 2))], { type: "text/csv" }),
      });
      break;
    case "paused":
      if (state === "pausing") enter("paused");
      break;
    case "finished":
      enter("finished");
      break;
    case "trouble":
      onTrouble(event.reason);
      break;
    case "failed":
      onFailure(event.failure);
  }
}

function onTrouble(reason: string): void {
  enter("trouble");
  notice.show("Training has diverged.", reason, {
    label: "Begin again with half the learning rate",
    run: () => {
      notice.hide();
      controls.config = { ...controls.config, lr: controls.config.lr / 2 };
      begin(true);
    },
  });
}

function onFailure(failure: Failure): void {
  if (state === "stopped") return;
  const wasTraining = isTraining();
  enter("stopped");
  notice.showFailure(failure, () => {
    notice.hide();
    opened = undefined;
    startWhenReady = wasTraining;
    client.restart();
    enter("opening");
    client.begin({ type: "open" });
  });
}

/** Begins the names of saved files: the picture's name without its ending. */
function fileStem(): string {
  return pictures.get(chosen)!.title.replace(/\.[a-z]+$/i, "");
}

function enter(next: State): void {
  state = next;
  setText(go, BUTTON[next]);
  go.disabled = !["ready", "training", "paused"].includes(next);
  reset.disabled = ["opening", "empty", "stopped"].includes(next);
  saveSamples.disabled = ["opening", "empty", "trouble", "stopped"].includes(next);
  const title = pictures.get(chosen)!.title;
  const sentences: Record<State, string> = {
    opening: "Preparing the device…",
    empty: "There is nothing to learn.",
    ready: `Ready to learn “${title}”.`,
    training: phase === "warm-start" ? `Warm start on “${title}”.` : `Learning “${title}”.`,
    pausing: "Finishing the current steps…",
    paused: "Paused: the time can be moved.",
    finished: "Finished: the time can be moved.",
    trouble: "Training has diverged.",
    stopped: "Stopped.",
  };
  setText(byId("status", HTMLElement), sentences[next]);
  document.body.dataset.state = next;
}
