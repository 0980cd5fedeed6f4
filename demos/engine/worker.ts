/** The engine page's worker: owns the device; describes, tests and measures it. */
import { type Device, openDevice } from "fjordgpu";
import { bench } from "fjordgpu/bench";
import { failureOf } from "../shared/failure.js";
import { onCommand, postEvent } from "../shared/worker-scope.js";
import type { Check } from "./checks/check.js";
import { KERNEL_CHECKS } from "./checks/kernels.js";
import { SOLVE_CHECKS } from "./checks/solves.js";
import { median, operations, timesOf } from "./operations.js";
import type { Checked, Command, Described, Event, Group, Limit } from "./protocol.js";

type BenchCommand = Extract<Command, { type: "bench" }>;

/** Milliseconds for the repetitions of one operation. */
const BUDGET = 500;

/** The limits that decide what fits on a device; others concern drawing. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxUniformBufferBindingSize",
  "maxBindGroups",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

let device: Promise<Device> | undefined;
let busy: Promise<void> = Promise.resolve();
let current = 0;

function fail(id: number, error: unknown): void {
  postEvent<Event>(id, { type: "failed", failure: failureOf(error) });
}

async function describe(id: number, opened: Device): Promise<void> {
  // The device keeps to WebGPU's default limits; what the adapter could give is asked of the adapter itself.
  const adapter = await navigator.gpu.requestAdapter();
  const limits: Limit[] = LIMITS.map((name) => ({
    name,
    inUse: opened.limits[name],
    offered: adapter?.limits[name] ?? opened.limits[name],
  }));
  const event: Described = {
    type: "described",
    adapter: opened.adapter,
    limits,
    features: [...(adapter?.features ?? [])].sort(),
  };
  postEvent<Event>(id, event);
}

async function carryOut(opened: Device, check: Check): Promise<Checked> {
  const { group, name, unit, bound } = check;
  const line = { type: "checked", group, name, unit, bound } as const;
  try {
    return { ...line, ...(await check.measure(opened)) };
  } catch (error) {
    // A lost device is no property of one kernel.
    if (failureOf(error).kind === "lost") throw error;
    return { ...line, error: Number.NaN, compared: 0, failure: failureOf(error).message };
  }
}

async function test(id: number, opened: Device, groups: readonly Group[]): Promise<void> {
  const start = performance.now();
  for (const check of [...KERNEL_CHECKS, ...SOLVE_CHECKS]) {
    if (id !== current) return;
    if (groups.includes(check.group)) postEvent<Event>(id, await carryOut(opened, check));
  }
  postEvent<Event>(id, { type: "tested", milliseconds: performance.now() - start });
}

async function measure(id: number, opened: Device, brief: boolean): Promise<void> {
  const start = performance.now();
  for (const { name, size, work, unit, prepare } of operations(brief)) {
    if (id !== current) return;
    const prepared = await prepare(opened);
    try {
      const times = await timesOf(prepared, brief ? 0 : BUDGET);
      const milliseconds = median(times);
      postEvent<Event>(id, {
        type: "measured",
        name,
        size,
        milliseconds,
        repetitions: times.length,
        rate: (1000 * work) / milliseconds,
        unit,
      });
    } finally {
      prepared.dispose();
    }
  }
  postEvent<Event>(id, { type: "measuredAll", milliseconds: performance.now() - start });
}

async function benchmark(id: number, opened: Device, command: BenchCommand): Promise<void> {
  const { host, brief } = command;
  const start = performance.now();
  for (const name of command.only) {
    if (id !== current) return;
    const say = (text: string) => postEvent<Event>(id, { type: "benching", name, text: text.trim() });
    say("");
    const report = await bench(opened, { only: [name], repeats: brief ? 1 : undefined, host, say });
    postEvent<Event>(id, { type: "benched", report });
  }
  postEvent<Event>(id, { type: "benchedAll", milliseconds: performance.now() - start });
}

async function obey(command: Command & { readonly run: number }): Promise<void> {
  device ??= openDevice({ onLost: (error) => fail(current, error) });
  const opened = await device;
  if (command.type === "describe") await describe(command.run, opened);
  else if (command.type === "test") await test(command.run, opened, command.groups);
  else if (command.type === "measure") await measure(command.run, opened, command.brief);
  else await benchmark(command.run, opened, command);
}

onCommand<Command>((command) => {
  current = command.run;
  busy = busy.then(() => obey(command)).catch((error: unknown) => fail(command.run, error));
});
