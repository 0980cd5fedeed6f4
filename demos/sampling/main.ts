/**
 * The sampling page: noise carried to data by a trained flow that comes with the site.
 *
 * Address parameters, all optional: model=moons, count=500|2000|5000|20000, seed=N, play=0 (do not play
 * by itself).
 */
import { data } from "fjordgpu";
import { byId, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { decimal, integer } from "../shared/format.js";
import { type Moments, moments } from "../shared/moments.js";
import { Notice } from "../shared/notice.js";
import { Player } from "../shared/player.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import type { Carried, Command, Event } from "./protocol.js";
import { Scene } from "./scene.js";

const canvas = byId("plate", HTMLCanvasElement);
const model = byId("model", HTMLSelectElement);
const count = byId("count", HTMLSelectElement);
const seed = byId("seed", HTMLInputElement);
const status = byId("status", HTMLElement);
const paths = byId("paths", HTMLInputElement);
const notice = new Notice(byId("notice", HTMLElement));
const address = new URLSearchParams(location.search);
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/** Plays once by itself, after the first load, unless the reader or the address prefers not. */
let playNext = address.get("play") !== "0" && !stillness.matches;

themeToggle(byId("theme", HTMLButtonElement));
for (const [name, menu] of [
  ["model", model],
  ["count", count],
] as const) {
  const wanted = address.get(name);
  if ([...menu.options].some(({ value }) => value === wanted)) menu.value = wanted!;
}
if (/^\d{1,6}$/.test(address.get("seed") ?? "")) seed.value = address.get("seed")!;

const scene = new Scene(canvas, data.toy(model.value).window);
let endTime = 1;
const player = new Player({
  seconds: 5,
  onMove: (progress) => {
    scene.moveTo(progress);
    describe(progress);
  },
  describe: (progress) => {
    const place = progress === 0 ? ", noise" : progress === 1 ? ", data" : "";
    return `t = ${decimal(endTime * (1 - progress), 2)}${place}`;
  },
});
const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent: (event) => (event.type === "carried" ? onCarried(event) : onFailure(event.failure)),
  onCrash: (message) => onFailure({ kind: "failed", message }),
});

for (const control of [model, count, seed]) control.addEventListener("change", carry);
paths.addEventListener("change", () => {
  scene.paths = paths.checked;
  scene.moveTo(player.progress);
});
byId("again", HTMLButtonElement).addEventListener("click", () => {
  seed.value = String((Number(seed.value) + 1) % 1_000_000);
  playNext = !stillness.matches;
  carry();
});
showMoments("data", moments(data.toy(model.value).sample(20_000, 0)));
carry();

/** Asks the worker for new points. */
function carry(): void {
  if (!seed.checkValidity() || seed.value === "") seed.value = "0";
  setText(status, "Carrying the points…");
  document.body.dataset.state = "busy";
  const url = new URL(`../models/${model.value}.safetensors`, location.href).href;
  showMoments("data", moments(data.toy(model.value).sample(20_000, 0)));
  client.begin({ type: "carry", url, count: Number(count.value), seed: Number(seed.value) });
}

function onCarried(event: Carried): void {
  const { frames, T, adapter, isSoftware, milliseconds, nfe } = event;
  notice.hide();
  scene.load(frames);
  endTime = T;
  player.enable();
  setText(status, `${integer(event.count)} points in ${decimal(milliseconds / 1000, 2)} s.`);
  setText(byId("value-nfe", HTMLElement), integer(nfe));
  setText(byId("value-adapter", HTMLElement), isSoftware ? `${adapter}, software` : adapter);
  document.body.dataset.state = "ready";
  if (playNext) player.play();
  playNext = false;
}

function onFailure(failure: Failure): void {
  player.disable();
  setText(status, "Stopped.");
  document.body.dataset.state = "stopped";
  notice.showFailure(failure, () => {
    notice.hide();
    client.restart();
    carry();
  });
}

/** The picture in numbers and in words. */
function describe(progress: number): void {
  if (scene.shown.length < 4) return;
  const now = moments(scene.shown);
  showMoments("now", now);
  const shape =
    progress === 0
      ? "Gaussian noise"
      : progress === 1
        ? `samples of ${data.toy(model.value).title}`
        : "points on their way";
  const [x, y] = now.std;
  canvas.setAttribute(
    "aria-label",
    `${integer(scene.shown.length / 2)} ${shape}; standard deviation ${decimal(x, 2)} across, ${decimal(y, 2)} upwards.`,
  );
}

function showMoments(column: "now" | "data", { mean, std, correlation }: Moments): void {
  const values = { "mean-x": mean[0], "mean-y": mean[1], "std-x": std[0], "std-y": std[1], correlation };
  for (const [name, value] of Object.entries(values)) {
    setText(byId(`${column}-${name}`, HTMLElement), decimal(value, 2));
  }
}
