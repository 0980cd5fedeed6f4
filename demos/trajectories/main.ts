/**
 * The trajectories page: particles dropped among the data, carried to noise by an adaptive solver, and back.
 *
 * Address parameters, all optional: method=dopri5|tsit5, tolerance=0.001…0.000001, drops=ring,-1,1.8;row,1,-1,
 * play=0 (do not play by itself). The page keeps the first three up to date.
 */
import { data } from "fjordgpu";
import { byId, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { decimal, integer, scientific } from "../shared/format.js";
import { Notice } from "../shared/notice.js";
import { Player } from "../shared/player.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { listenForDrops } from "./dropper.js";
import type { AdaptiveMethod, Carried, Command, Event } from "./protocol.js";
import { Results } from "./results.js";
import { placeAt } from "./round-trip.js";
import { Scene } from "./scene.js";
import { type Drop, dropsFrom, dropsText, withDrop } from "./shapes.js";

const { window: WINDOW } = data.toy("moons");
const FIRST: readonly Drop[] = [
  { shape: "ring", x: -1, y: 1.8 },
  { shape: "row", x: 1, y: -1.2 },
];

const canvas = byId("plate", HTMLCanvasElement);
const method = byId("method", HTMLSelectElement);
const tolerance = byId("tolerance", HTMLSelectElement);
const status = byId("status", HTMLElement);
const reverse = byId("reverse", HTMLButtonElement);
const notice = new Notice(byId("notice", HTMLElement));
const address = new URLSearchParams(location.search);
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const movesUnasked = () => address.get("play") !== "0" && !stillness.matches;

themeToggle(byId("theme", HTMLButtonElement));
for (const [name, menu] of [
  ["method", method],
  ["tolerance", tolerance],
] as const) {
  const wanted = address.get(name);
  if ([...menu.options].some(({ value }) => value === wanted)) menu.value = wanted!;
}
let drops = dropsFrom(address.get("drops") ?? dropsText(FIRST), WINDOW);
/** Of all drops, [n, 2]. */
let points: Float32Array = new Float32Array();
let endTime = 1;
/** Whether the next particles to arrive set off at once. */
let playNext = movesUnasked();

const scene = new Scene(canvas, WINDOW);
const results = new Results();
const player = new Player({ seconds: 8, onMove: (progress) => scene.moveTo(progress), describe });
const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});

for (const control of [method, tolerance]) control.addEventListener("change", carry);
for (const name of ["paths", "stops", "crowd"] as const) {
  const tick = byId(name, HTMLInputElement);
  tick.addEventListener("change", () => {
    scene.layers[name] = tick.checked;
    scene.redraw();
  });
}
reverse.addEventListener("click", () => {
  player.jump(0.5);
  player.play();
});
byId("clear", HTMLButtonElement).addEventListener("click", () => {
  change([]);
});
listenForDrops(canvas, scene, WINDOW, (drop) => {
  playNext = movesUnasked();
  player.jump(0);
  change(withDrop(drops, drop));
});
change(drops);

function change(next: Drop[]): void {
  drops = next;
  points = scene.begin(drops);
  carry();
}

/** Asks the worker for the journey of what has been dropped. */
function carry(): void {
  for (const [name, value] of Object.entries({ method: method.value, tolerance: tolerance.value })) {
    address.set(name, value);
  }
  address.set("drops", dropsText(drops));
  history.replaceState(null, "", `?${address}`);
  if (points.length === 0) {
    client.begin({ type: "rest" });
    player.jump(0);
    player.disable();
    reverse.disabled = true;
    document.body.dataset.state = "finished";
    setText(status, "No particles. Click into the picture to drop some.");
    canvas.setAttribute("aria-label", "The plane without particles");
    return;
  }
  setText(status, "Carrying the particles…");
  document.body.dataset.state = "busy";
  const url = new URL("../models/moons.safetensors", location.href).href;
  const chosen = { method: method.value as AdaptiveMethod, tolerance: Number(tolerance.value) };
  client.begin({ type: "carry", url, points, ...chosen });
}

function onEvent(event: Event): void {
  if (event.type === "carried") onCarried(event);
  else if (event.type === "crowd") scene.surround(event.frames);
  else if (event.type === "failed") onFailure(event.failure);
  else if (event.type === "measured") {
    results.showMeasured(event, Number(tolerance.value));
    document.body.dataset.state = "finished";
  } else {
    notice.show(
      "This page computes with WebGPU, which is not available here.",
      `${event.failure.message} Meanwhile the CPU computes in float64, and everything works.`,
    );
  }
}

function onCarried(carried: Carried): void {
  const { T, out, back, error, milliseconds } = carried;
  endTime = T;
  scene.load(out, back);
  results.showCarried(carried);
  player.enable();
  reverse.disabled = false;
  const count = out.frames[0]!.length / 2;
  const particles = count === 1 ? "1 particle" : `${integer(count)} particles`;
  setText(status, `${particles}, there and back in ${decimal(milliseconds / 1000, 2)} s.`);
  canvas.setAttribute(
    "aria-label",
    `${particles} on their way from data to noise and back; they return to within ${scientific(error.max)} of their starts.`,
  );
  document.body.dataset.state = "carried";
  if (playNext) player.play();
  playNext = false;
}

function onFailure(failure: Failure): void {
  player.disable();
  reverse.disabled = true;
  setText(status, "Stopped.");
  document.body.dataset.state = "stopped";
  notice.showFailure(failure, () => {
    notice.hide();
    client.restart();
    carry();
  });
}

function describe(progress: number): string {
  const { leg, share } = placeAt(progress);
  const t = `t = ${decimal(endTime * (leg === "out" ? share : 1 - share), 2)}`;
  if (share === 0) return `${t}, data`;
  if (share === 1) return leg === "out" ? `${t}, noise` : `${t}, data again`;
  return `${t}, ${leg === "out" ? "to noise" : "back"}`;
}
