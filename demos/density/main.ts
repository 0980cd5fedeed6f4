/** The density page: wires form, picture and numbers to the worker that trains. */
import { byId, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { integer } from "../shared/format.js";
import { followInPage } from "../shared/in-page.js";
import { COURSE_DETAIL } from "../shared/journey.js";
import { sayMissingParts } from "../shared/missing-part.js";
import { Notice } from "../shared/notice.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { ALLOWED, type Config, PRESETS, TRAINED, wishOf } from "./config.js";
import { Controls } from "./controls.js";
import { dataIn } from "./data-in/index.js";
import { Gallery } from "./gallery.js";
import { listen } from "./keys.js";
import { applyLesson, isHidden, lessonOf, lessonQuery } from "./lesson.js";
import { fragmentOf, readFragment } from "./link.js";
import { Numbers } from "./numbers.js";
import { Pace } from "./pace.js";
import type { Beginning, Command, Event, Opened, Progress } from "./protocol.js";
import type { Trouble } from "./protocol-view.js";
import { Recovery, type Return } from "./recovery.js";
import { Results } from "./results/index.js";
import { defineOwn, OWN, type OwnData, ownData, SETS, setOf } from "./sets.js";
import { settingsSheet } from "./sheet.js";
import { Slow } from "./slow/index.js";
import { View } from "./view.js";

type State = "opening" | "ready" | "training" | "pausing" | "paused" | "finished" | "trouble" | "stopped";

/** What the main button does in each state; none: it is disabled. */
const BUTTON: Record<State, string> = {
  opening: "Start",
  ready: "Start",
  training: "Pause",
  pausing: "Pausing…",
  paused: "Resume",
  finished: "Train on",
  trouble: "Resume",
  stopped: "Start",
};

const linked = readFragment(location.hash);
const wish = wishOf(location.search);
const go = byId("go", HTMLButtonElement);
const single = byId("single", HTMLButtonElement);
const reset = byId("reset", HTMLButtonElement);
const status = byId("status", HTMLElement);
const notice = new Notice(byId("notice", HTMLElement));
const recovery = new Recovery(notice);
let state: State = "opening";
let phase: Progress["phase"] = "likelihood";
/** Set once the worker has a device. */
let opened: Opened | undefined;
/** Whether training begins as soon as the next run is ready. */
let startWhenReady = wish.start;
/** What the run on the page began with, if not untrained. */
let beginning: Beginning | undefined;
/** What Reset and other data begin with while the page's own trained flow is on it. */
let scratch: Config | undefined;
/** Training steps of the run as it began: Train on takes as many again. */
let portion = 0;
/** What the address asks for. */
let asked: Partial<Config> = { ...wish.changes, ...linked?.changes };
/** Whether the worker has been given a run. */
let begun = false;
/** What is put back as soon as there is another device. */
let back: Return | undefined;
/** Whether the reader has chosen, so that the adapter no longer does. */
let chosen = wish.preset !== undefined || linked?.changes.hidden !== undefined;

/** The trained flow that the page opens with where nothing else is asked for; none when it cannot be had. */
let trained = wish.isEmpty && !linked ? fetchTrained() : undefined;

themeToggle(byId("theme", HTMLButtonElement));
followInPage();
sayMissingParts(notice);

const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});
const numbers = new Numbers();
const view = new View(
  (command) => client.send(command),
  () => numbers.heldOut,
);
const gallery = new Gallery(byId("gallery", HTMLElement), SETS, (set) => {
  choose({ ...(scratch ?? controls.config), set }, state === "training");
});
const first: Config = { ...PRESETS[wish.preset ?? "standard"], ...asked };
const controls = new Controls(byId("settings", HTMLElement), first, (config) => choose(config, false));
const pace = new Pace((steps) => client.send({ type: "pace", steps }));
const slow = new Slow({
  send: (command) => client.send(command),
  pause,
  step,
  window: () => setOf(controls.config).window,
});
const results = new Results({
  config: () => controls.config,
  isFromWeights: () => beginning?.weights === true,
  view,
  numbers,
  send: (command) => client.send(command),
  open: (kept) => {
    if (kept.own) showOwn(kept.own);
    choose(kept.config, false, kept.beginning);
    if (kept.rows) numbers.restore(kept.rows);
  },
  notice,
  offer: new Notice(byId("offer", HTMLElement)),
});

go.addEventListener("click", () => {
  if (state === "training") pause();
  else if (state === "ready" || state === "paused") resume({ type: "start" });
  else if (state === "finished") trainOn();
});
single.addEventListener("click", step);
reset.addEventListener("click", () => begin(scratch ?? controls.config, false));
byId("reset-all", HTMLButtonElement).addEventListener("click", () => void resetAll());
dataIn({
  onUse: (own) => {
    showOwn(own);
    choose({ ...(scratch ?? controls.config), set: OWN }, state === "training");
  },
  onWeights: (bytes, name) => results.openWeights(bytes, name),
  onSettings: ({ changes, ignored }) => {
    complain(ignored, "settings");
    choose({ ...controls.config, ...changes }, false);
  },
  onTrouble: (title, text) => notice.show(title, text),
});
window.addEventListener("hashchange", () => {
  const next = readFragment(location.hash);
  if (!next) return;
  complain(next.ignored);
  gallery.addOwn(ownData());
  begin({ ...controls.config, ...next.changes }, false);
});
// What a disabled button refuses, its key refuses too; so does what a lesson hides.
listen({
  go: () => go.click(),
  single: () => single.click(),
  reset: () => reset.click(),
  slow: () => {
    if (!isHidden(byId("slow", HTMLElement))) slow.open();
  },
  nudge: (steps) => {
    if (!isHidden(byId("time", HTMLElement))) view.nudge(steps);
  },
});

const ignored = [...wish.ignored, ...(linked?.ignored ?? []), ...applyLesson(location.search)];
complain(ignored);
settingsSheet();
gallery.addOwn(ownData());
show(first);
enter("opening");
open();

// Below the fold: fetched when a reader comes to it.
new IntersectionObserver(async (entries, observer) => {
  if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
  observer.disconnect();
  const { enliven } = await import("./figures.js");
  enliven(() => ({ rows: numbers.rows, floor: setOf(controls.config).entropy }));
}).observe(byId("figure-host", HTMLElement));

/** Says which parts of the address, or of a file, were of no use, if there are any. */
function complain(ignored: readonly string[], where = "address"): void {
  if (ignored.length === 0) return;
  notice.show(`Part of the ${where} was not understood and is ignored.`, ignored.join(", "));
}

function open(): void {
  const canvas = wish.canvas === "readback" ? undefined : view.handOver();
  const direct = wish.canvas === "direct";
  client.begin({ type: "open", canvas, direct, cpu: !recovery.isUnderWay }, canvas ? [canvas] : []);
}

function showOwn(own: OwnData): void {
  defineOwn(own);
  gallery.addOwn(own);
}

/** Begins what the reader has chosen, and keeps it in the address. */
function choose(config: Config, start: boolean, from?: Beginning): void {
  chosen = true;
  history.replaceState(null, "", `#${fragmentOf(config, ownData())}`);
  begin(config, start, from);
}

function isTraining(): boolean {
  return state === "training" || state === "pausing";
}

function pause(): void {
  enter("pausing");
  client.send({ type: "pause" });
}

/** One training step, then a pause. */
function step(): void {
  resume({ type: "single" });
  enter("pausing");
}

/** Lets training go on; what the picture knows of the flow's course ends with it. */
function resume(command: Extract<Command, { type: "start" | "single" | "rewind" }>): void {
  view.leave();
  numbers.forget();
  enter("training");
  client.send(command);
}

/** As many steps again, from where the run has ended. */
function trainOn(): void {
  const steps = controls.config.steps + portion;
  if (!ALLOWED.steps(steps)) return;
  controls.show({ ...controls.config, steps });
  client.send({ type: "extend", steps });
  resume({ type: "start" });
}

async function fetchTrained(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const answer = await fetch(new URL("../models/moons.safetensors", location.href));
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  } catch {
    return undefined;
  }
}

/** The page as it opens where the address asks for nothing: presets, and the flow that it comes with. */
async function resetAll(): Promise<void> {
  trained ??= fetchTrained();
  await trained;
  if (!opened || state === "opening" || state === "stopped") return;
  history.replaceState(null, "", `${location.pathname}${lessonQuery(lessonOf(location.search))}`);
  notice.hide();
  asked = {};
  chosen = false;
  beginning = scratch = undefined;
  controls.show(PRESETS.standard);
  enter("opening");
  await onOpened(opened);
}

/** Shows a configuration with nothing trained yet. */
function show(config: Config): void {
  portion = config.steps;
  const set = setOf(config);
  gallery.show(config.set);
  controls.show(config);
  numbers.reset(config);
  view.reset(config, beginning !== undefined);
  setText(byId("set-about", HTMLElement), `${set.title}: ${set.about}`);
  byId("compare", HTMLAnchorElement).href = `../compare/#${fragmentOf(config, ownData())}`;
}

/** Drops the current run and prepares one with this configuration, untrained or from a beginning. */
function begin(config: Config, start: boolean, from?: Beginning): void {
  beginning = from;
  scratch = back = undefined;
  recovery.forget();
  show(config);
  results.drop();
  phase = "likelihood";
  // Without a device the page stays as readable as it is; its data can still be looked at.
  if (state === "stopped") return;
  startWhenReady ||= start;
  if (state === "opening" && !opened) return;
  if (state === "trouble") notice.hide();
  enter("opening");
  begun = true;
  const { layers } = view;
  client.begin({ type: "configure", config, layers, own: ownData(), beginning, pace: pace.steps });
}

async function onOpened(event: Opened): Promise<void> {
  opened = event;
  const { withoutWebGpu, isSoftware, adapter } = event;
  const name = isSoftware && !withoutWebGpu ? `${adapter}, software` : adapter;
  setText(byId("value-adapter", HTMLElement), name);
  numbers.device = name;
  slow.refuse(withoutWebGpu !== undefined);
  view.isLimited = withoutWebGpu !== undefined;
  let config = controls.config;
  if (back) {
    goBack(back);
    return;
  }
  if (isSoftware) {
    const isPreset = !chosen;
    const preset = withoutWebGpu ? PRESETS.least : PRESETS.tiny;
    if (isPreset) config = { ...preset, set: config.set, ...asked };
    setText(byId("adapter-note", HTMLElement), slowNote(isPreset, withoutWebGpu !== undefined));
  }
  const wasChosen = chosen;
  const bytes = chosen ? undefined : await trained;
  // The reader may have chosen something meanwhile, or the device may be gone.
  if (opened !== event || state !== "opening" || chosen !== wasChosen) return;
  if (bytes) {
    const { batch } = withoutWebGpu ? config : TRAINED;
    begin({ ...TRAINED, batch }, false, { bytes, resume: false, step: 0, weights: true });
    scratch = config;
  } else begin(config, false, beginning);
}

/** Says why there is no WebGPU, and what happens instead. */
function sayCpu(reason: string): void {
  const text = `${reason} Meanwhile the CPU computes in float64: smaller networks and batches, coarser pictures, slower training.`;
  const goOn = () => {
    notice.hide();
    // It has taken the place of this.
    complain(ignored);
    void results.offerKept();
  };
  const title = "This page computes with WebGPU, which is not available here.";
  notice.show(title, text, { label: "Go on", run: goOn });
}

/** What is less where a processor computes. */
function slowNote(isPreset: boolean, withoutWebGpu: boolean): string {
  const { times, stride } = COURSE_DETAIL[withoutWebGpu ? "float64" : "software"];
  const densities = (times - 1) / stride + 1;
  const why = withoutWebGpu
    ? "Without WebGPU the CPU computes, in float64."
    : "No graphics hardware was found: the processor stands in.";
  const preset = " A small network is preset so that training stays lively; Settings has larger ones.";
  const fewer = ` The time slider has densities at ${densities} of its ${times} times.`;
  return `${why}${isPreset ? preset : ""} Pictures are coarser.${densities < times ? fewer : ""}`;
}

function onEvent(event: Event): void {
  // On its way when training went on: the flow is another by now.
  if (isTraining() && (event.type === "course" || event.type === "moment")) return;
  if ((view.take(event) && event.type !== "frame") || slow.take(event)) return;
  switch (event.type) {
    case "opened":
      if (event.withoutWebGpu) sayCpu(event.withoutWebGpu);
      void onOpened(event);
      break;
    case "ready":
      setText(byId("value-parameters", HTMLElement), integer(event.parameters));
      enter(startWhenReady ? "training" : "ready");
      if (startWhenReady) resume({ type: "start" });
      startWhenReady = false;
      recovery.onReady(performance.now());
      results.onReady();
      break;
    case "saved":
      if (event.purpose !== "weights") recovery.take(event.beginning);
      if (event.purpose !== "recover") results.onGiven(event);
      break;
    case "drawn":
      results.onGiven(event);
      break;
    case "progress":
      numbers.showProgress(event);
      results.onProgress(event);
      if (phase !== event.phase) {
        phase = event.phase;
        enter(state);
      }
      break;
    case "frame":
      numbers.showFrame(event);
      break;
    case "check":
      numbers.showCheck(event);
      break;
    case "trouble":
      onTrouble(event);
      break;
    case "paused":
      if (state === "pausing") enter("paused");
      results.keep();
      break;
    case "finished":
      enter("finished");
      results.keep();
      break;
    case "failed":
      onFailure(event.failure);
  }
}

/** Training went wrong in a way that it can be brought back from. */
function onTrouble({ reason, step, backTo, lr }: Trouble): void {
  enter("trouble");
  const back = backTo === 0 ? "Begin again" : `Go back ${integer(step - backTo)} steps`;
  const text = `${reason} Training is paused at step ${integer(step)}; smaller steps may take it past this place.`;
  const rewind = (slower: boolean) => {
    notice.hide();
    // What was saved after that place is of no use.
    recovery.forget();
    if (slower) controls.show({ ...controls.config, lr });
    resume({ type: "rewind", slower });
  };
  notice.show(
    "Training has diverged.",
    text,
    { label: `${back} with half the learning rate`, run: () => rewind(true) },
    { label: `${back} at the same rate`, run: () => rewind(false) },
  );
}

function onFailure(failure: Failure): void {
  if (state === "stopped") return;
  const wasTraining = state === "training" || startWhenReady;
  enter("stopped");
  view.abandon();
  const again = () => reopen(wasTraining);
  const { kind } = failure;
  const isLost = kind === "lost" || (kind === "unavailable" && recovery.isUnderWay);
  if (!isLost) notice.showFailure(failure, again);
  else if (recovery.mayReopen(performance.now())) again();
  else recovery.ask(beginning, again);
}

/** Opens another device, for the run as it was when it was last saved. */
function reopen(wasTraining: boolean): void {
  notice.hide();
  opened = undefined;
  startWhenReady = wasTraining;
  back = begun ? recovery.returnTo(beginning, numbers.rows) : undefined;
  client.restart();
  enter("opening");
  show(controls.config);
  open();
}

/** The run that was on the device before. */
function goBack({ from, rows }: Return): void {
  // A fault of another kind has been told already, and asked about.
  if (recovery.isUnderWay) recovery.tell(from, startWhenReady);
  const keptScratch = scratch;
  begin(controls.config, false, from);
  scratch = keptScratch;
  numbers.restore(rows);
}

function enter(next: State): void {
  state = next;
  setText(go, BUTTON[next]);
  single.disabled = next !== "ready" && next !== "paused";
  go.disabled = !["ready", "training", "paused", "finished"].includes(next);
  reset.disabled = next === "stopped" || next === "opening";
  const title = setOf(controls.config).title;
  const sentences: Record<State, string> = {
    opening: "Preparing the device…",
    ready: beginning?.step
      ? `Ready to go on from step ${integer(beginning.step)} on ${title}.`
      : scratch
        ? `A flow that has learned ${title}; Start trains it further, Reset lets it begin anew.`
        : `Ready to learn ${title}.`,
    training: phase === "warm-start" ? `Warm start on ${title}.` : `Learning ${title}.`,
    pausing: "Finishing the current steps…",
    paused: "Paused, with a finer picture.",
    finished: "Finished, with a finer picture. “Train on” takes as many steps again.",
    trouble: "Paused: training has diverged.",
    stopped: "Stopped.",
  };
  setText(status, sentences[next]);
  document.body.dataset.state = next;
  slow.enter(next);
}
