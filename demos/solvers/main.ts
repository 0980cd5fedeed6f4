/**
 * The solver page: one differential equation, one solver, its steps, and what every method's work buys.
 *
 * Address parameters, all optional: system, p, x, y, t1, method, mode=adaptive|fixed, tolerance, steps,
 * engine=gpu|cpu, compare=euler.rk4. The page keeps them up to date.
 */
import { byId, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { decimal, integer, scientific } from "../shared/format.js";
import { Notice } from "../shared/notice.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { PrecisionPlot } from "./plot.js";
import type { Command, Event, Settings, Solved } from "./protocol.js";
import { SettingsPanel } from "./settings.js";
import { plain, View } from "./view.js";

const status = byId("status", HTMLElement);
const notice = new Notice(byId("notice", HTMLElement));
const plate = byId("plate", HTMLCanvasElement);

themeToggle(byId("theme", HTMLButtonElement));
const view = new View();
const plot = new PrecisionPlot();
const panel = new SettingsPanel(explore);
let shown: Settings = panel.get();
const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});
plate.addEventListener("click", (event) => {
  const place = view.placeOf(event);
  if (place) panel.start(...place);
});
explore();

/** Asks the worker for everything with the settings of now. */
function explore(): void {
  shown = panel.get();
  setText(status, "Solving…");
  document.body.dataset.state = "busy";
  view.begin(shown);
  plot.begin(shown);
  const modelUrl = new URL("../models/moons.safetensors", location.href).href;
  client.begin({ type: "explore", settings: shown, modelUrl });
}

function onEvent(event: Event): void {
  if (event.type === "exact") view.showExact(event);
  else if (event.type === "solved") onSolved(event);
  else if (event.type === "precision") plot.add(event);
  else if (event.type === "failed") onFailure(event.failure);
  else if (event.type === "fallback") {
    panel.useCpu();
    shown = panel.get();
    notice.show(
      "This page computes with WebGPU, which is not available here.",
      `${event.failure.message} Meanwhile the CPU computes in float64: everything works, and the learned field takes longer.`,
    );
  } else {
    document.body.dataset.state = "finished";
    setText(status, `${status.textContent?.split(" Measuring")[0]} All methods are measured.`);
  }
}

function onSolved(solved: Solved): void {
  const { h, rejected, nfe, error, milliseconds, adapter, warnings, message } = solved;
  view.showSolved(solved, shown);
  const outcome = solved.status === "ok" ? "" : `${message} `;
  const notes = warnings.length > 0 ? ` ${warnings.join(" ")}` : "";
  setText(status, `${outcome}Solved in ${decimal(milliseconds / 1000, 2)} s.${notes} Measuring the methods…`);
  const values = {
    accepted: integer(h.length),
    rejected: integer(rejected),
    nfe: integer(nfe),
    error: error < 1e4 ? scientific(error) : "lost",
    shortest: plain(h.reduce((least, length) => Math.min(least, length), Number.POSITIVE_INFINITY)),
    longest: plain(h.reduce((most, length) => Math.max(most, length), Number.NEGATIVE_INFINITY)),
    adapter: adapter ?? "CPU, float64",
  };
  for (const [name, value] of Object.entries(values)) setText(byId(`value-${name}`, HTMLElement), value);
  document.body.dataset.state = "solved";
}

function onFailure(failure: Failure): void {
  setText(status, "Stopped.");
  document.body.dataset.state = "stopped";
  notice.showFailure(failure, () => {
    notice.hide();
    client.restart();
    explore();
  });
}
