/**
 * The page of trace estimators: the exact divergence of a field at a point, what random probes make of it, and what
 * that does to log p and to the loss.
 *
 * Address parameters, all optional: dim=2|8|32|64, field=trained|random|residual, point=0…999, t=0…1, probes=1…16
 * (of a solve), kinds=rademacher.gaussian, play=0 (do not play by itself). The page keeps all but the last up to date.
 */
import { byId, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { decimal, integer } from "../shared/format.js";
import { Notice } from "../shared/notice.js";
import { Player } from "../shared/player.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { Draws } from "./draws.js";
import { type Drawings, Funnel } from "./funnel.js";
import { Histogram } from "./histogram.js";
import { LOOKS } from "./looks.js";
import { RunningMoments } from "./moments.js";
import { showFacts, showMoments } from "./numbers.js";
import { PathView } from "./path-view.js";
import {
  type Command,
  type Drawn,
  type Event,
  type Examined,
  type Followed,
  MOST_PROBES,
  WALKERS,
} from "./protocol.js";
import { type Change, Settings } from "./settings.js";
import { SpreadView } from "./spread.js";
import { variance } from "./theory.js";

const status = byId("status", HTMLElement);
const notice = new Notice(byId("notice", HTMLElement));
const still = () =>
  new URLSearchParams(location.search).get("play") === "0" ||
  matchMedia("(prefers-reduced-motion: reduce)").matches;

themeToggle(byId("theme", HTMLButtonElement));
const funnel = new Funnel();
const histogram = new Histogram(byId("histogram", HTMLElement), "estimate of the trace");
const spread = new SpreadView();
const pathView = new PathView();
const settings = new Settings(onChange);
const player = new Player({
  seconds: 10,
  onMove: draw,
  describe: (progress) => `n = ${probesAt(progress)}`,
});
const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});

let examined: Examined | undefined;
let draws = emptyDraws();
let followed: Followed | undefined;
let isScattered = false;

showKinds();
examine();

function emptyDraws(): Drawings {
  return { rademacher: new Draws(WALKERS, MOST_PROBES), gaussian: new Draws(WALKERS, MOST_PROBES) };
}

/** The slider's places are even in the logarithm. */
function probesAt(progress: number): number {
  return Math.round(MOST_PROBES ** progress);
}

function onChange(change: Change): void {
  if (change === "place") followed = undefined;
  if (change === "kinds") showKinds();
  else if (change === "probes") follow();
  else examine();
}

/** Shows the kinds of probes that are ticked. */
function showKinds(): void {
  funnel.show(settings.kinds);
  histogram.show(settings.kinds);
  draw();
  if (examined) showMoments(examined.facts, draws, settings.kinds);
  if (followed) pathView.show(followed, settings.kinds);
}

function examine(): void {
  examined = undefined;
  isScattered = false;
  draws = emptyDraws();
  setState("busy", "Drawing probes…");
  client.begin({ type: "examine", ...settings.place, t: settings.t });
  // The new run has made an unfinished answer stale.
  if (!followed) follow();
}

function follow(): void {
  followed = undefined;
  setState("busy", "Drawing probes…");
  client.send({ type: "follow", ...settings.place, probes: settings.probes });
}

function onEvent(event: Event): void {
  if (event.type === "examined") onExamined(event);
  else if (event.type === "drawn") onDrawn(event);
  else if (event.type === "failed") onFailure(event.failure);
  else if (event.type === "scattered") {
    isScattered = true;
    if (examined) spread.show(examined.facts, event.spreads);
    finish();
  } else {
    followed = event;
    pathView.show(followed, settings.kinds);
    finish();
  }
}

function onExamined(event: Examined): void {
  examined = event;
  showFacts(event);
  player.enable();
  if (still()) player.jump(1);
  else {
    player.jump(0);
    player.play();
  }
}

function onDrawn({ distribution, estimates }: Drawn): void {
  draws[distribution].add(estimates);
  if (!examined) return;
  showMoments(examined.facts, draws, settings.kinds);
  draw();
  const count = draws[distribution].moments.count;
  setText(status, `${integer(count)} of ${integer(WALKERS * MOST_PROBES)} probes of each kind.`);
}

/** Shows the averages over as many probes as the slider says, or as there are. */
function draw(): void {
  if (!examined) return;
  const { facts } = examined;
  const { kinds } = settings;
  const wanted = probesAt(player.progress);
  funnel.update(facts, draws, wanted);
  const n = Math.min(wanted, ...kinds.map((kind) => draws[kind].drawn));
  if (n === 0) return;
  const groups = kinds.map((kind) => draws[kind].averages(n));
  const told = kinds.map((kind, i) => {
    const measured = new RunningMoments().add(groups[i]!).deviation;
    const theory = Math.sqrt(variance(kind, facts, n));
    return `${LOOKS[kind].name} ${decimal(measured)} (theory ${decimal(theory)})`;
  });
  const text = `Averages over n = ${n}: deviation ${told.join(", ")}.`;
  const room = 3 * Math.max(...kinds.map((kind) => Math.sqrt(variance(kind, facts))), 1e-6);
  histogram.update(groups, facts.trace, [facts.trace - room, facts.trace + room], text);
  setText(byId("histogram-text", HTMLElement), text);
}

function finish(): void {
  if (!isScattered || !followed) return;
  setState("finished", `${integer(WALKERS * MOST_PROBES)} probes of each kind.`);
}

function setState(state: string, text: string): void {
  document.body.dataset.state = state;
  setText(status, text);
}

function onFailure(failure: Failure): void {
  player.disable();
  setState("stopped", "Stopped.");
  notice.showFailure(failure, () => {
    notice.hide();
    client.restart();
    followed = undefined;
    examine();
  });
}
