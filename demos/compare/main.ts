/** The comparison page: wires forms, pictures, figures and curves to the worker that trains both sides. */
import { listen } from "../density/keys.js";
import type { Opened } from "../density/protocol.js";
import { ownData, setOf } from "../density/sets.js";
import { byId, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { integer } from "../shared/format.js";
import { Notice } from "../shared/notice.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { Charts } from "./charts.js";
import { Curves } from "./curves.js";
import { Figures } from "./figures.js";
import { pairFragment, pairFrom, readPair } from "./link.js";
import { type Pair, usual } from "./pair.js";
import { Pictures } from "./pictures.js";
import { applied, PRESETS } from "./presets.js";
import type { Command, Event, Trouble } from "./protocol.js";
import { Settings } from "./settings.js";

type State =
  | "opening"
  | "ready"
  | "compiling"
  | "training"
  | "pausing"
  | "paused"
  | "finished"
  | "trouble"
  | "stopped";

/** What the main button does in each state; none: it is disabled. */
const BUTTON: Record<State, string> = {
  opening: "Start",
  ready: "Start",
  compiling: "Preparing…",
  training: "Pause",
  pausing: "Pausing…",
  paused: "Resume",
  finished: "Done",
  trouble: "Stopped",
  stopped: "Start",
};

const SENTENCES: Record<State, string> = {
  opening: "Preparing the device…",
  ready: "Ready: both begin untrained.",
  compiling: "Compiling the kernels of both; their clocks start after it.",
  training: "Training in turns.",
  pausing: "Finishing the turn…",
  paused: "Paused: move the time.",
  finished: "Finished: move the time.",
  trouble: "Stopped at the same step.",
  stopped: "Stopped.",
};

const go = byId("go", HTMLButtonElement);
const single = byId("single", HTMLButtonElement);
const reset = byId("reset", HTMLButtonElement);
const notice = new Notice(byId("notice", HTMLElement));
let state: State = "opening";
let opened: Opened | undefined;
/** The state that a run of one step passes through must not be taken for training. */
let stepping = false;

themeToggle(byId("theme", HTMLButtonElement));

const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});
const linked = readPair(location.hash);
/** Whether the reader has chosen, so that the adapter no longer does. */
let chosen = linked?.a.hidden !== undefined;
const pictures = new Pictures(() => client.send({ type: "layers", layers: pictures.layers }));
const figures = new Figures();
const curves = new Curves();
const charts = new Charts(curves);
const settings = new Settings(first(false), choose);

go.addEventListener("click", () => {
  if (state === "training") {
    enter("pausing");
    client.send({ type: "pause" });
  } else if (state === "ready" || state === "paused") resume("start");
});
single.addEventListener("click", () => resume("single"));
reset.addEventListener("click", () => begin(settings.pair));
window.addEventListener("hashchange", () => {
  const next = readPair(location.hash);
  if (!next) return;
  notice.hide();
  complain(next.ignored);
  begin(pairFrom(next, settings.pair.a));
});
listen({
  go: () => go.click(),
  single: () => single.click(),
  reset: () => reset.click(),
  nudge: (steps) => pictures.nudge(steps),
});

complain(linked?.ignored ?? []);
show(settings.pair);
enter("opening");
client.begin({ type: "open" });

/** What the page begins with: the link's pair, or the first of the comparisons. */
function first(isSoftware: boolean): Pair {
  const base = usual(isSoftware);
  if (linked) return pairFrom(linked, base);
  return applied(PRESETS[0]!, { a: base, b: base });
}

/** Says which parts of the address were of no use, if there are any. */
function complain(ignored: readonly string[]): void {
  if (ignored.length === 0) return;
  notice.show("Part of the address was not understood and is ignored.", ignored.join(", "));
}

/** Begins what the reader has chosen, and keeps it in the address. */
function choose(pair: Pair): void {
  chosen = true;
  history.replaceState(null, "", `#${pairFragment(pair, ownData())}`);
  begin(pair);
}

/** Shows a pair with nothing trained yet. */
function show(pair: Pair): void {
  settings.show(pair);
  pictures.reset(pair);
  figures.reset(pair);
  curves.clear();
  draw();
}

/** Drops the current pair of runs and prepares another. */
function begin(pair: Pair): void {
  show(pair);
  if (state === "stopped") return;
  if (state === "opening" && !opened) return;
  if (state === "trouble") notice.hide();
  enter("opening");
  client.begin({ type: "configure", pair, layers: pictures.layers, own: ownData() });
}

function resume(type: "start" | "single"): void {
  stepping = type === "single";
  pictures.leave();
  figures.forgetPaths();
  enter(stepping ? "pausing" : "training");
  client.send({ type });
}

function isUnderWay(): boolean {
  return ["compiling", "training", "pausing"].includes(state);
}

function draw(): void {
  charts.draw(setOf(settings.pair.a).entropy, byId("verdict", HTMLElement).textContent ?? "");
}

function onOpened(event: Opened): void {
  opened = event;
  const name = event.isSoftware ? `${event.adapter}, software` : event.adapter;
  setText(byId("value-adapter", HTMLElement), name);
  begin(event.isSoftware && !chosen ? first(true) : settings.pair);
}

function onEvent(event: Event): void {
  switch (event.type) {
    case "opened":
      onOpened(event);
      break;
    case "ready":
      figures.showParameters(event.parameters);
      enter("ready");
      break;
    case "compiling":
      enter("compiling");
      break;
    case "compiled":
      enter(stepping ? "pausing" : "training");
      break;
    case "progress":
      figures.showProgress(event);
      curves.add(event);
      if (event.side === "b") draw();
      break;
    case "judged":
      figures.showJudged(event);
      curves.judge(event.side, event.heldOut);
      if (event.side === "b") draw();
      break;
    case "seen":
      // On its way when training went on: the flow is another by now.
      if (isUnderWay() && ["course", "moment"].includes(event.event.type)) break;
      if (event.event.type === "course") figures.showPaths(event.side, event.event);
      pictures.take(event);
      break;
    case "trouble":
      onTrouble(event);
      break;
    case "paused":
      if (state === "pausing") enter("paused");
      break;
    case "finished":
      enter("finished");
      break;
    case "failed":
      onFailure(event.failure);
  }
}

/** One side went wrong; the other is not trained on alone. */
function onTrouble({ side, step, reason }: Trouble): void {
  enter("trouble");
  notice.show(
    `${side.toUpperCase()} could not go on at step ${integer(step)}.`,
    `${reason} The other side waits with it; choose other settings, or reset.`,
  );
}

function onFailure(failure: Failure): void {
  if (state === "stopped") return;
  enter("stopped");
  notice.showFailure(failure, () => {
    notice.hide();
    opened = undefined;
    client.restart();
    enter("opening");
    show(settings.pair);
    client.begin({ type: "open" });
  });
}

function enter(next: State): void {
  state = next;
  setText(go, BUTTON[next]);
  go.disabled = !["ready", "training", "paused"].includes(next);
  single.disabled = next !== "ready" && next !== "paused";
  reset.disabled = next === "stopped" || next === "opening";
  setText(byId("status", HTMLElement), SENTENCES[next]);
  // While it trains the sentence changes every second; that is not news for who listens.
  byId("verdict", HTMLElement).setAttribute("aria-live", next === "training" ? "off" : "polite");
  document.body.dataset.state = next;
}
