/** The service worker of the built site, run with a cache and a network of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { serviceWorkerOf } from "../../scripts/offline.js";

const SITE = "https://example.org/flows/";

/** Plays a browser to service workers of one site: they share the caches. */
class Browser {
  /** What is in each cache, by address. */
  readonly caches = new Map<string, Map<string, string>>();
  network: ((url: string) => string) | undefined;

  async load(text: string) {
    const listeners = new Map<string, (event: unknown) => void>();
    const fetch = async ({ url }: { url: string }) => {
      if (!this.network) throw new Error("There is no network.");
      return this.network(url);
    };
    const open = async (name: string) => {
      const content = this.caches.get(name) ?? new Map<string, string>();
      this.caches.set(name, content);
      return {
        match: async (url: string) => content.get(url),
        addAll: async (all: { url: string }[]) => {
          for (const one of all) content.set(one.url, await fetch(one));
        },
      };
    };
    runInNewContext(text, {
      self: {
        registration: { scope: SITE },
        clients: { claim: async () => undefined },
        addEventListener: (type: string, listener: (event: unknown) => void) => listeners.set(type, listener),
      },
      caches: {
        open,
        keys: async () => [...this.caches.keys()],
        delete: async (name: string) => this.caches.delete(name),
      },
      fetch,
      URL,
      Request,
    });
    const wait = async (type: string) => {
      let done: unknown;
      listeners.get(type)?.({
        waitUntil: (work: unknown) => {
          done = work;
        },
      });
      await done;
    };
    await wait("install");
    await wait("activate");
    return async (url: string, method = "GET") => {
      let answer: unknown = "not answered";
      listeners.get("fetch")?.({
        request: { url, method },
        respondWith: (given: unknown) => {
          answer = given;
        },
      });
      return answer;
    };
  }
}

test("the site's service worker answers from its cache, which another build replaces", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fjordgpu-site-"));
  try {
    mkdirSync(join(folder, "density"));
    writeFileSync(join(folder, "density", "index.html"), "old page");
    writeFileSync(join(folder, "a.js"), "code");
    const old = serviceWorkerOf(folder);
    // Neither its own file nor the order of reading changes it.
    writeFileSync(join(folder, "service-worker.js"), old);
    expect(serviceWorkerOf(folder)).toBe(old);

    const browser = new Browser();
    browser.caches.set("of another site", new Map());
    browser.network = (url) => `first ${url.slice(SITE.length)}`;
    let ask = await browser.load(old);
    browser.network = undefined;
    expect(await ask(`${SITE}density/?set=moons`)).toBe("first density/");
    expect(await ask(`${SITE}density/index.html`)).toBe("first density/");
    expect(await ask(`${SITE}a.js`)).toBe("first a.js");
    await expect(ask(`${SITE}b.js`)).rejects.toThrow("no network");
    expect(await ask("https://example.org/other/")).toBe("not answered");
    expect(await ask(`${SITE}a.js`, "POST")).toBe("not answered");

    writeFileSync(join(folder, "a.js"), "other code");
    browser.network = (url) => `second ${url.slice(SITE.length)}`;
    ask = await browser.load(serviceWorkerOf(folder));
    expect(await ask(`${SITE}a.js`)).toBe("second a.js");
    const names = [...browser.caches.keys()];
    expect(names).toHaveLength(2);
    expect(names[0]).toBe("of another site");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
