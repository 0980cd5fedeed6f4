/** The solvers' worker: owns the device, and computes the exact solution, the reader's solve and the plot. */
import { type Device, METHODS, openDevice } from "fjordgpu";
import { adapterTitle } from "../shared/adapter.js";
import { failureOf } from "../shared/failure.js";
import { onCommand, postEvent } from "../shared/worker-scope.js";
import { adaptiveCurve, fixedCurve } from "./precision.js";
import { exactSolution, type Problem, problemOf, type Run, relativeError, run } from "./problem.js";
import type { Event, Explore, Settings, Solved } from "./protocol.js";
import { spectrumAt } from "./stability.js";
import { systemOf } from "./systems.js";

const EXACT_POINTS = 601;
/** Arrows along each axis. */
const ARROWS = 17;
/** Their length, of the distance between them. */
const LENGTH = 0.5;

let device: Promise<Device> | undefined;
let busy: Promise<void> = Promise.resolve();
let current = 0;

function fail(id: number, error: unknown): void {
  postEvent<Event>(id, { type: "failed", failure: failureOf(error) });
}

/** The engine asked for; the CPU where there is no WebGPU, which the page is told. */
async function engineFor(id: number, settings: Settings): Promise<Device | "cpu"> {
  if (settings.engine === "cpu") return "cpu";
  device ??= openDevice({ onLost: (error) => fail(current, error) });
  try {
    return await device;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== "unavailable") throw error;
    postEvent<Event>(id, { type: "fallback", failure });
    return "cpu";
  }
}

/** Lets messages in: work on the CPU holds this thread. */
const breathe = () => new Promise((resolve) => setTimeout(resolve, 0));

async function explore(id: number, { settings, modelUrl }: Explore): Promise<void> {
  const isStale = () => id !== current;
  // Several requests may have come in meanwhile; only the newest is worth the work.
  if (isStale()) return;
  const problem = await problemOf(settings, modelUrl);
  const engine = await engineFor(id, settings);
  const { t, z } = exactSolution(problem, EXACT_POINTS);
  const end = z.slice(-2);
  postEvent<Event>(id, { type: "exact", t, z, arrows: arrowsOf(problem, settings) });
  const { method, mode, tolerance } = settings;
  const steps = mode === "fixed" ? settings.steps : undefined;
  const start = performance.now();
  const done = await run(engine, problem, { method, steps, tolerance }, true);
  const milliseconds = performance.now() - start;
  if (isStale()) return;
  postEvent<Event>(id, solvedEvent(problem, done, relativeError(done.z, end), milliseconds, engine));
  if (METHODS[method].e) {
    postEvent<Event>(id, await adaptiveCurve(engine, problem, end, method, isStale));
  }
  // The reader's own method first.
  for (const name of [method, ...settings.compare.filter((other) => other !== method)]) {
    await breathe();
    if (isStale()) return;
    postEvent<Event>(id, await fixedCurve(engine, problem, end, name, isStale));
  }
  postEvent<Event>(id, { type: "finished" });
}

function solvedEvent(
  problem: Problem,
  done: Run,
  error: number,
  milliseconds: number,
  engine: Device | "cpu",
): Solved {
  const n = done.steps.length;
  const t = new Float64Array(n + 1);
  const z = new Float64Array(2 * n + 2);
  const spectrum = new Float64Array(4 * n);
  z.set(problem.z0);
  done.steps.forEach((step, i) => {
    const lambda = spectrumAt(problem.f, step.t, z[2 * i]!, z[2 * i + 1]!);
    spectrum.set(
      lambda.map((part) => step.h * part),
      4 * i,
    );
    t[i + 1] = step.t + step.h;
    z.set(Array.from(done.states[i]!), 2 * i + 2);
  });
  const { status, message, nfe, rejected, warnings } = done;
  const h = Float64Array.from(done.steps, (step) => step.h);
  const adapter = engine === "cpu" ? undefined : adapterTitle(engine.adapter);
  return {
    type: "solved",
    status,
    message,
    t,
    z,
    h,
    spectrum,
    rejected,
    nfe,
    error,
    milliseconds,
    adapter,
    warnings,
  };
}

/** Places on a grid over the window, each with an arrow along the field there at t = 0. */
function arrowsOf({ f }: Problem, { system, p }: Settings): Float64Array {
  const window = systemOf(system).window(p);
  const at = ([low, high]: readonly [number, number], i: number) => low + ((i + 0.5) / ARROWS) * (high - low);
  const arrows = new Float64Array(4 * ARROWS * ARROWS);
  for (let i = 0; i < ARROWS * ARROWS; i++) {
    const place = [at(window.x, i % ARROWS), at(window.y, Math.floor(i / ARROWS))] as const;
    const [dx, dy] = f(0, Float64Array.from(place));
    // Of one length on the screen, whatever the scales of the axes.
    const across = dx! / (window.x[1] - window.x[0]);
    const upwards = dy! / (window.y[1] - window.y[0]);
    const scale = LENGTH / ARROWS / (Math.hypot(across, upwards) || 1);
    arrows.set([...place, dx! * scale, dy! * scale], 4 * i);
  }
  return arrows;
}

onCommand<Explore>((command) => {
  current = command.run;
  busy = busy.then(() => explore(command.run, command)).catch((error: unknown) => fail(command.run, error));
});
