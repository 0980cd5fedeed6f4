/**
 * The sampling page: noise carried to data by one of the trained flows that come with the site, at any temperature, and
 * how good the samples are.
 *
 * Address parameters, all optional: model=NAME, count=2000|20000|100000, seed=N, temperature=0…1.5, play=0 (do not play
 * by itself), canvas=readback|direct (how the picture reaches the page, for tests).
 */
import { data } from "fjordgpu";
import { DisplayClient } from "../shared/display-client.js";
import { byId, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { decimal, integer } from "../shared/format.js";
import { type Moments, moments } from "../shared/moments.js";
import { Notice } from "../shared/notice.js";
import { Plane } from "../shared/plane.js";
import { Player } from "../shared/player.js";
import { between } from "../shared/stage.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { Meter } from "./meter.js";
import { type Carried, type Command, type Event, FRAMES, type Seen } from "./protocol.js";

/** Points where an emulated GPU draws them, and where a real one does, unless the reader chooses. */
const PRESET = { software: "2000", hardware: "100000" };
const MOST = 100_000;

const canvas = byId("plate", HTMLCanvasElement);
const model = byId("model", HTMLSelectElement);
const count = byId("count", HTMLSelectElement);
const seed = byId("seed", HTMLInputElement);
const temperature = byId("temperature", HTMLInputElement);
const status = byId("status", HTMLElement);
const paths = byId("paths", HTMLInputElement);
const note = byId("adapter-note", HTMLElement);
const notice = new Notice(byId("notice", HTMLElement));
const address = new URLSearchParams(location.search);
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/** Plays once by itself, after the first load, unless the reader or the address prefers not. */
let playNext = address.get("play") !== "0" && !stillness.matches;
/** Whether the number of points is the reader's choice. */
let chosen = false;
let isSoftware = false;
/** Whether there is a device to ask. */
let isOpen = false;
/** The last request. */
let asked = 0;
let carried: Carried | undefined;
/** [k, 2] each, from noise to data: the points that the page has in numbers. */
let frames: readonly Float32Array[] = [];

themeToggle(byId("theme", HTMLButtonElement));
for (const [name, menu] of [
  ["model", model],
  ["count", count],
] as const) {
  const wanted = address.get(name);
  if (![...menu.options].some(({ value }) => value === wanted)) continue;
  menu.value = wanted!;
  chosen ||= name === "count";
}
if (/^\d{1,6}$/.test(address.get("seed") ?? "")) seed.value = address.get("seed")!;
// What is out of range the slider takes to its ends.
if (Number.isFinite(Number(address.get("temperature") ?? Number.NaN)))
  temperature.value = address.get("temperature")!;

const plane = new Plane(canvas, data.toy(model.value).window, () => {
  if (!carried) return;
  display.ask({ progress: player.progress, paths: paths.checked }, carried.id);
  display.paint();
});
const meter = new Meter();
const player = new Player({
  seconds: 5,
  onMove: (progress) => {
    plane.invalidate();
    describe(progress);
  },
  describe: (progress) => {
    const place = progress === 0 ? ", noise" : progress === 1 ? ", data" : "";
    return `t = ${decimal((carried?.T ?? 1) * (1 - progress), 2)}${place}`;
  },
});
const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});
const display = new DisplayClient<Seen>(
  plane,
  (command) => client.send(command),
  () => plane.invalidate(),
);

for (const control of [model, seed, temperature]) control.addEventListener("change", () => carry());
count.addEventListener("change", () => {
  chosen = true;
  carry();
});
temperature.addEventListener("input", () => carry(true));
paths.addEventListener("change", () => plane.invalidate());
byId("again", HTMLButtonElement).addEventListener("click", () => {
  seed.value = String((Number(seed.value) + 1) % 1_000_000);
  playNext = !stillness.matches;
  carry();
});
describeTemperature();
showMoments("data", moments(data.toy(model.value).sample(20_000, 0)));
open();

function open(): void {
  document.body.dataset.state = "busy";
  const below = address.get("canvas") === "readback" ? undefined : display.handOver();
  const direct = address.get("canvas") === "direct";
  client.begin({ type: "open", canvas: below, direct }, below ? [below] : []);
}

/** Asks the worker for new points. @param dragged while the temperature is being dragged */
function carry(dragged = false): void {
  if (!seed.checkValidity() || seed.value === "") seed.value = "0";
  describeTemperature();
  if (!isOpen) return;
  document.body.dataset.state = "busy";
  delete document.body.dataset.meter;
  if (!dragged) {
    setText(status, "Carrying the points…");
    for (const control of [model, count, seed, temperature]) address.set(control.id, control.value);
    history.replaceState(null, "", `?${address}`);
    showMoments("data", moments(data.toy(model.value).sample(20_000, 0)));
  }
  asked += 1;
  client.send({
    type: "carry",
    id: asked,
    model: model.value,
    url: new URL(`../models/${model.value}.safetensors`, location.href).href,
    count: Number(count.value),
    seed: Number(seed.value),
    temperature: Number(temperature.value),
    dragged,
  });
}

function onEvent(event: Event): void {
  switch (event.type) {
    case "opened":
      isSoftware = event.isSoftware;
      setText(byId("value-adapter", HTMLElement), isSoftware ? `${event.adapter}, software` : event.adapter);
      if (!chosen) count.value = PRESET[isSoftware ? "software" : "hardware"];
      isOpen = true;
      carry();
      break;
    case "carried":
      onCarried(event);
      break;
    case "measured":
      meter.show(event);
      if (event.id === asked) document.body.dataset.meter = "ready";
      break;
    case "picture":
      display.take(event);
      break;
    case "failed":
      onFailure(event.failure);
  }
}

function onCarried(event: Carried): void {
  carried = event;
  const { seen, dragged, milliseconds, nfe } = event;
  const each = seen.length / FRAMES;
  frames = Array.from({ length: FRAMES }, (_, i) => seen.subarray(i * each, (i + 1) * each));
  plane.window = data.toy(model.value).window;
  player.enable();
  setText(byId("value-nfe", HTMLElement), integer(nfe));
  if (dragged || event.id !== asked) return;
  setText(status, `${integer(event.count)} points in ${decimal(milliseconds / 1000, 2)} s.`);
  if (isSoftware) {
    const seconds = Math.ceil((MOST * milliseconds) / event.count / 1000);
    setText(
      note,
      `No graphics hardware was found: the processor stands in. ${integer(MOST)} points take it about ${seconds} s.`,
    );
    note.hidden = false;
  }
  document.body.dataset.state = "ready";
  if (playNext) player.play();
  playNext = false;
}

function onFailure(failure: Failure): void {
  isOpen = false;
  player.disable();
  setText(status, "Stopped.");
  document.body.dataset.state = "stopped";
  notice.showFailure(failure, () => {
    notice.hide();
    client.restart();
    open();
  });
}

function describeTemperature(): void {
  const value = Number(temperature.value);
  const effect =
    value === 0
      ? "one point"
      : value < 1
        ? "drawn together"
        : value === 1
          ? "samples of the flow"
          : "spread too far";
  const text = `${decimal(value, 2)}, ${effect}`;
  setText(byId("temperature-text", HTMLElement), text);
  temperature.setAttribute("aria-valuetext", text);
  for (const axis of ["x", "y"]) setText(byId(`noise-std-${axis}`, HTMLElement), decimal(value, 2));
}

/** The picture in numbers and in words. */
function describe(progress: number): void {
  if (!carried) return;
  const now = moments(between(frames, progress));
  showMoments("now", now);
  const title = data.toy(model.value).title;
  const value = Number(temperature.value);
  const hot = value === 1 ? "" : ` at temperature ${decimal(value, 2)}`;
  const shape =
    progress === 0
      ? "points of Gaussian noise"
      : progress < 1
        ? "points on their way"
        : value === 1
          ? `samples of ${title}`
          : `points carried towards ${title}`;
  const [x, y] = now.std;
  canvas.setAttribute(
    "aria-label",
    `${integer(carried.count)} ${shape}${hot}; standard deviation ${decimal(x, 2)} across, ${decimal(y, 2)} upwards.`,
  );
}

function showMoments(column: "now" | "data", { mean, std, correlation }: Moments): void {
  const values = { "mean-x": mean[0], "mean-y": mean[1], "std-x": std[0], "std-y": std[1], correlation };
  for (const [name, value] of Object.entries(values)) {
    setText(byId(`${column}-${name}`, HTMLElement), decimal(value, 2));
  }
}
