/**
 * The page of trace estimators: the exact divergence of a field at a point, what random probes make of it, and what
 * that does to log p and to the loss.
 *
 * Address parameters, all optional: dim=2|8|32|64, field=trained|random|residual, point=0…999, t=0…1, at=X_Y_T
 * (the point that is there then, in place of a sample; D = 2 alone), probes=1…16 (of a solve), kinds=rademacher.gaussian,
 * play=0 (do not play by itself). The page keeps all but the last up to date.
 */
import { byId, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { integer } from "../shared/format.js";
import { Notice } from "../shared/notice.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { Live } from "./live.js";
import { PathView } from "./path-view.js";
import { Plate } from "./plate.js";
import { type Command, type Event, type Examined, type Followed, MOST_PROBES, WALKERS } from "./protocol.js";
import { type Change, Settings } from "./settings.js";
import { SpreadView } from "./spread.js";

const ALL = integer(WALKERS * MOST_PROBES);

const status = byId("status", HTMLElement);
const notice = new Notice(byId("notice", HTMLElement));
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const movesUnasked = () => new URLSearchParams(location.search).get("play") !== "0" && !stillness.matches;

themeToggle(byId("theme", HTMLButtonElement));
const settings = new Settings(onChange);
const live = new Live();
const spread = new SpreadView();
const pathView = new PathView();
const plate = new Plate((x, y) => {
  settings.choose(x, y);
  onChange("place");
});
const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});

let examined: Examined | undefined;
let followed: Followed | undefined;
let isScattered = false;

live.show(settings.kinds);
examine();

function onChange(change: Change): void {
  if (change === "kinds") {
    live.show(settings.kinds);
    if (followed) pathView.show(followed, settings.kinds);
  } else if (change === "probes") follow();
  else {
    if (change === "place") followed = undefined;
    examine();
  }
}

function examine(): void {
  examined = undefined;
  isScattered = false;
  plate.isShown = settings.place.dim === 2;
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
  if (event.type === "examined") {
    examined = event;
    live.begin(event, movesUnasked());
    if (event.z.length === 2) plate.mark(event);
  } else if (event.type === "pictured") {
    plate.show(event);
  } else if (event.type === "drawn") {
    const count = live.add(event);
    setText(status, `${integer(count)} of ${ALL} probes of each kind.`);
  } else if (event.type === "scattered") {
    isScattered = true;
    if (examined) spread.show(examined.facts, event.spreads);
    if (!followed) setText(status, "Following the path…");
    finish();
  } else if (event.type === "followed") {
    followed = event;
    pathView.show(followed, settings.kinds);
    finish();
  } else onFailure(event.failure);
}

function finish(): void {
  if (isScattered && followed) setState("finished", `${ALL} probes of each kind.`);
}

function setState(state: string, text: string): void {
  document.body.dataset.state = state;
  setText(status, text);
}

function onFailure(failure: Failure): void {
  live.stop();
  setState("stopped", "Stopped.");
  notice.showFailure(failure, () => {
    notice.hide();
    client.restart();
    followed = undefined;
    examine();
  });
}
