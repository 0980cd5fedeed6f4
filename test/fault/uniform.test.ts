/** Parameter blocks of ever new values: the pages they stand on are bounded. Node only: a device of its own. */
import { expect, test } from "vitest";
import { openDevice } from "../../src/gpu/device.js";
import { openNodeGPU } from "../../src/node/open.js";

test("20,000 different parameter blocks keep at most 64 pages", async () => {
  using device = await openDevice({ gpu: (await openNodeGPU()).gpu });
  const first = device.uniforms.view(new Uint8Array(new Uint32Array([7, 7]).buffer));
  expect(device.uniforms.view(new Uint8Array(new Uint32Array([7, 7]).buffer))).toBe(first);
  for (let i = 0; i < 20_000; i++) device.uniforms.view(new Uint8Array(new Uint32Array([i, 1]).buffer));
  expect(device.stats().buffers).toBeLessThanOrEqual(64);
  expect(device.uncapturedErrors).toEqual([]);
});
