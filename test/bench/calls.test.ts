import { expect, test } from "vitest";
import { CallCounter } from "../../src/bench/calls.js";

class GPUBuffer {
  destroy() {}
  async mapAsync() {}
}
class GPUDevice {
  createBuffer(_descriptor: { size: number; mappedAtCreation?: boolean }) {
    return new GPUBuffer();
  }
}
class GPUQueue {
  submit() {}
  writeBuffer(_buffer: unknown, _at: number, _data: ArrayBufferView, _from?: number, _size?: number) {}
}
class GPUComputePassEncoder {
  dispatchWorkgroups() {}
  dispatchWorkgroupsIndirect() {}
}
class GPUCommandEncoder {
  beginComputePass() {
    return new GPUComputePassEncoder();
  }
}

test("counts what is called, by whomever, until it is removed", async () => {
  const scope = { GPUBuffer, GPUDevice, GPUQueue, GPUComputePassEncoder, GPUCommandEncoder };
  const counter = new CallCounter(scope as never);
  const device = new GPUDevice();
  const first = device.createBuffer({ size: 100 });
  device.createBuffer({ size: 20, mappedAtCreation: true });
  first.destroy();
  first.destroy();
  await first.mapAsync();
  const pass = new GPUCommandEncoder().beginComputePass();
  pass.dispatchWorkgroups();
  pass.dispatchWorkgroupsIndirect();
  const queue = new GPUQueue();
  queue.submit();
  // Holds no dispatch that the one before did not.
  queue.submit();
  queue.writeBuffer(first, 0, new Float32Array(5));
  // Offset and size of a typed array are in its elements.
  queue.writeBuffer(first, 0, new Float32Array(5), 3);
  queue.writeBuffer(first, 0, new Float32Array(5), 0, 2);
  const seen = {
    dispatches: 2,
    submits: 1,
    passes: 1,
    buffersCreated: 2,
    maps: 1,
    bytesWritten: 20 + 20 + 8 + 8,
  };
  expect(counter.read()).toEqual(seen);
  expect([counter.liveBytes, counter.peakBytes]).toEqual([20, 120]);
  counter.remove();
  queue.submit();
  expect(counter.read()).toEqual(seen);
});
