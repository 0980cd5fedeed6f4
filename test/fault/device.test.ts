/** What a device does when it cannot be had, is lost, is full, or is used after its end. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { wgslField } from "../../src/field/wgsl.js";
import { commit as commitModule } from "../../src/generated/ode/commit.js";
import { type Device, openDevice } from "../../src/gpu/device.js";
import {
  DeviceLostError,
  FjordError,
  KernelCompilationError,
  WebGPUUnavailableError,
} from "../../src/gpu/errors.js";
import { openNodeGPU } from "../../src/node/open.js";
import { type SolveOptions, solve } from "../../src/ode/solve.js";
import { problem } from "../ode/problems.js";

const opened: Device[] = [];
afterEach(() => {
  vi.unstubAllGlobals();
  for (const device of opened.splice(0)) device.dispose();
});

/** A device of the test's own: the shared one must outlive it. */
async function ownDevice(onLost?: (error: DeviceLostError) => void): Promise<Device> {
  const device = await openDevice({ gpu: (await openNodeGPU()).gpu, onLost });
  opened.push(device);
  return device;
}

const p = problem({ dim: 2, hidden: [4] }, 3);
const options: SolveOptions = {
  field: p.field,
  params: p.params,
  z0: p.z0,
  t0: 0,
  t1: 1,
  trace: { kind: "exact" },
};

/** What a promise is rejected with, and after how many milliseconds. */
async function rejection(promise: Promise<unknown>): Promise<{ reason: unknown; after: number }> {
  const start = performance.now();
  const reason = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { reason, after: performance.now() - start };
}

describe("a device that is lost", () => {
  const field = wgslField({ dim: 1, code: "fn field(t: f32, z: State) -> State { return z; }" });
  const tiny = { field, params: new Float32Array(), z0: Float32Array.of(1), t0: 0, t1: 1 };
  /** 18,000 dispatches in one submission: some tenths of a second on a software adapter. */
  const long = (device: Device) => solve(device, { ...tiny, steps: 1500, method: "rk4" });
  /** Until work has been submitted, but has not had the time to end. */
  const submitted = async (device: Device, before: number) => {
    while (device.stats().dispatches < before + 3000) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  const behindWork = async <T>(device: Device, call: () => Promise<T>): Promise<T> => {
    const before = device.stats().dispatches;
    long(device).catch(() => {});
    await submitted(device, before);
    return call();
  };
  const CALLS: Record<string, (device: Device) => Promise<unknown>> = {
    "a solve in fixed steps": long,
    "an adaptive solve": (device) => solve(device, { ...tiny, maxStep: 1 / 9000 }),
    "a read behind other work": (device) => {
      const buffer = device.buffer({ label: "x", size: 16 });
      return behindWork(device, () => device.read(buffer));
    },
    "finished() behind other work": (device) => behindWork(device, () => device.finished()),
  };

  test.each(Object.keys(CALLS))("rejects %s within a second", async (name) => {
    const lost = vi.fn();
    const device = await ownDevice(lost);
    const before = device.stats().dispatches;
    const pending = rejection(CALLS[name]!(device));
    await submitted(device, before);
    device.gpu.destroy();
    // From here on: destroying waits for the work under way, as long as the driver takes for it.
    const destroyed = performance.now();
    expect((await pending).reason).toBeInstanceOf(DeviceLostError);
    expect(performance.now() - destroyed).toBeLessThan(1000);
    await device.lost;
    expect(device.isLost).toBe(true);
    expect(lost).toHaveBeenCalledTimes(1);
  });

  test("rejects everything that comes after, at once", async () => {
    const device = await ownDevice();
    const buffer = device.buffer({ label: "x", size: 16 });
    const kept = await solve(device, { ...options, steps: 2, gradient: "discrete" });
    device.gpu.destroy();
    await device.lost;
    const calls = [
      () => device.read(buffer),
      () => device.finished(),
      () => solve(device, options),
      () => kept.backward(p.cotangent),
      async () => device.buffer({ label: "y", size: 16 }),
      async () => device.write(buffer, new Float32Array(4)),
      async () => device.run([]),
    ];
    for (const call of calls) {
      const { reason, after } = await rejection(call());
      expect(reason).toBeInstanceOf(DeviceLostError);
      expect(reason).toMatchObject({ code: "device-lost" });
      expect(after).toBeLessThan(1000);
    }
    kept.dispose();
    expect(device.uncapturedErrors).toEqual([]);
  });
});

test("a device used after dispose() is a typed error; disposing again is none", async () => {
  const lost = vi.fn();
  const device = await ownDevice(lost);
  const buffer = device.buffer({ label: "x", size: 16 });
  device.dispose();
  device.dispose();
  for (const call of [() => device.read(buffer), () => solve(device, options), () => device.finished()]) {
    const { reason } = await rejection(call());
    expect(reason).toBeInstanceOf(FjordError);
    expect(reason).toMatchObject({ code: "disposed" });
  }
  // What the owner did is no loss to report.
  await device.lost;
  expect(lost).not.toHaveBeenCalled();
});

test("a buffer used after dispose() is a typed error that names it", async () => {
  const device = await ownDevice();
  const buffer = device.buffer({ label: "points", size: 16 });
  buffer.dispose();
  buffer.dispose();
  expect(device.stats().buffers).toBe(0);
  expect(() => device.write(buffer, new Float32Array(4))).toThrow('"points"');
  expect((await rejection(device.read(buffer))).reason).toMatchObject({ code: "disposed" });
});

describe("memory", () => {
  test("a buffer over the limits is refused before the GPU hears of it", async () => {
    const device = await ownDevice();
    const create = vi.spyOn(device.gpu, "createBuffer");
    const most = Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    for (const size of [most + 4, 2 ** 40, Number.POSITIVE_INFINITY]) {
      const call = () => device.buffer({ label: "everything", size });
      expect(call).toThrow(FjordError);
      expect(call).toThrow(`at most ${most}`);
    }
    expect(create).not.toHaveBeenCalled();
    expect(device.stats()).toMatchObject({ buffers: 0, bytes: 0 });
  });

  test("a GPU without memory is a typed error, and what was made is freed", async () => {
    const device = await ownDevice();
    const { buffers, bytes } = device.stats();
    // Running out cannot be brought about: the scope answers as it would.
    const pop = vi.spyOn(device.gpu, "popErrorScope");
    const full = { message: "out of memory" } as GPUError;
    pop.mockImplementationOnce(async () => full);
    const make = () => device.allocate("a test", () => device.buffer({ label: "x", size: 64 }));
    await expect(make()).rejects.toMatchObject({ code: "out-of-memory" });
    expect(device.stats()).toMatchObject({ buffers, bytes });
    pop.mockImplementationOnce(async () => full);
    await expect(make()).rejects.toThrow("a test");
    // The real scopes are still open: one for each call above.
    await device.gpu.popErrorScope();
    await device.gpu.popErrorScope();
    const buffer = await make();
    expect(device.stats().buffers).toBe(buffers + 1);
    buffer.dispose();
  });
});

describe("a kernel that does not compile", () => {
  test("is an error with file and line, and tried again at the next call", async () => {
    const device = await ownDevice();
    const lines = commitModule.code.split("\n");
    const at = lines.findIndex((line) => line.includes("state[i] = next[i]"));
    const code = [...lines.slice(0, at), "  state[i] = nothing;", ...lines.slice(at + 1)].join("\n");
    const broken = { ...commitModule, code, hash: "broken" } as unknown as typeof commitModule;
    const error = await device.kernel(broken, "main").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KernelCompilationError);
    const { kernel, line, message } = error as KernelCompilationError;
    expect(kernel).toBe("ode/commit");
    expect(message).toContain(`shaders/ode/commit.wgsl:${line}:`);
    expect(message).toContain("nothing");
    await expect(device.kernel(broken, "main")).rejects.toBeInstanceOf(KernelCompilationError);
    expect(device.stats().pipelines).toBe(0);
    await device.gpu.queue.onSubmittedWorkDone();
    expect(device.uncapturedErrors).toEqual([]);
    expect((await device.kernel(commitModule, "main")).label).toContain("commit");
  });
});

describe("no device to be had", () => {
  const reasonOf = async (gpu?: GPU) => {
    const { reason } = await rejection(openDevice({ gpu }));
    expect(reason).toBeInstanceOf(WebGPUUnavailableError);
    expect((reason as Error).message.length).toBeGreaterThan(40);
    return (reason as WebGPUUnavailableError).reason;
  };
  /** A page as far as opening a device can tell. */
  const page = (isSecureContext: boolean) => {
    vi.stubGlobal("process", { ...process, versions: {} });
    vi.stubGlobal("navigator", {});
    vi.stubGlobal("isSecureContext", isSecureContext);
  };

  test("no adapter", async () => {
    expect(await reasonOf({ requestAdapter: async () => null } as unknown as GPU)).toBe("no-adapter");
  });

  test("an adapter that refuses a device", async () => {
    const adapter = {
      features: new Set(),
      info: { vendor: "", architecture: "", description: "" },
      requestDevice: async () => {
        throw new Error("no such limit");
      },
    };
    const gpu = { requestAdapter: async () => adapter } as unknown as GPU;
    expect(await reasonOf(gpu)).toBe("device-failed");
    await expect(openDevice({ gpu })).rejects.toThrow("no such limit");
  });

  test("limits above the adapter's", async () => {
    const { gpu } = await openNodeGPU();
    const { reason } = await rejection(openDevice({ gpu, limits: { maxBufferSize: 2 ** 52 } }));
    expect(reason).toMatchObject({ reason: "device-failed" });
  });

  test("a device that comes lost, twice", async () => {
    const requestAdapter = vi.fn(async () => ({
      info: { vendor: "", architecture: "", description: "" },
      features: new Set(),
      requestDevice: async () => ({
        addEventListener: () => {},
        lost: Promise.resolve({ reason: "unknown", message: "gone" }),
      }),
    }));
    expect(await reasonOf({ requestAdapter } as unknown as GPU)).toBe("device-failed");
    expect(requestAdapter).toHaveBeenCalledTimes(2);
  });

  test("a page without WebGPU", async () => {
    page(true);
    expect(await reasonOf()).toBe("no-api");
  });

  test("a page that was not loaded securely", async () => {
    page(false);
    expect(await reasonOf()).toBe("insecure-context");
  });
});
