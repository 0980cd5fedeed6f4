/**
 * Keeps the built site in the browser's cache, so that it opens without a network. The build puts the constants VERSION,
 * a hash of all files, and FILES, their addresses below the site, in front of this text (scripts/offline.ts).
 */
/* global VERSION, FILES */
const site = self.registration.scope;
/** Of this site only: others may share its origin. */
const PREFIX = `fjordgpu-site ${site} `;
const NAME = PREFIX + VERSION;

self.addEventListener("install", (event) => event.waitUntil(fill()));
// An open page keeps the version that it was loaded with: this happens when the last one is closed.
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(site)) event.respondWith(answer(event.request));
});

async function fill() {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES.map((file) => new Request(new URL(file, site), { cache: "no-cache" })));
}

async function takeOver() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** From the cache; what is not in it from the network. */
async function answer(request) {
  const url = new URL(request.url);
  const address = url.origin + url.pathname.replace(/\/index\.html$/, "/");
  const cache = await caches.open(NAME);
  return (await cache.match(address, { ignoreVary: true })) ?? fetch(request);
}
