/**
 * Imported first by every process that tests WebGPU in Node: while Dawn waits for the adapter it looks again at every
 * turn of the event loop, by setImmediate, and so keeps a core busy. Once a millisecond is enough, and leaves the core
 * to the adapter, where that is software, and to the tests that run in the browser at the same time.
 */
if (typeof process !== "undefined" && process.versions?.node) {
  globalThis.setImmediate = (callback, ...args) => setTimeout(callback, 1, ...args);
  globalThis.clearImmediate = clearTimeout;
}
