/** Training on the density page that goes wrong late, and goes on from a checkpoint. */
import { expect, test, vi } from "vitest";
import { PRESETS } from "../../demos/density/config.js";
import type { Event } from "../../demos/density/protocol.js";
import { Session } from "../../demos/density/session.js";
import { Checkpoints, Guard, type Kept } from "../../demos/shared/guard.js";
import { testDevice } from "../support/device.js";

test("a run goes back to a checkpoint, and from there on at half the learning rate", async () => {
  const changes = { hidden: "8", batch: 16, solverSteps: 1, warm: 0, heldOut: 0, rows: 200, steps: 60 };
  const config = { ...PRESETS.tiny, ...changes };
  // Real divergence comes at another step on every adapter.
  // How far to go back is tested in density-view.test.ts; here it is from 40 to 20, which takes seconds.
  let kept: Kept | undefined;
  const spies = [
    vi.spyOn(Checkpoints.prototype, "isDue").mockImplementation((step) => step === 20 && !kept),
    vi.spyOn(Checkpoints.prototype, "add").mockImplementation((next) => {
      kept = next;
    }),
    vi.spyOn(Checkpoints.prototype, "before").mockImplementation(() => kept),
  ];
  const judge = vi.spyOn(Guard.prototype, "judge").mockImplementation(() => undefined);
  const events: Event[] = [];
  const session: Session = new Session(
    await testDevice(),
    config,
    { density: false, samples: false, count: 2_000, visible: false },
    (event) => {
      events.push(event);
      if (event.type === "ready") session.start();
      const first = events.every(({ type }) => type !== "trouble");
      if (first && event.type === "progress" && event.step === 40) judge.mockReturnValueOnce("It has leapt.");
      if (event.type === "trouble")
        session.give({ type: "save", purpose: "keep" }).then(() => session.rewind(true));
      if (event.type === "finished") session.stop();
    },
    () => undefined,
  );
  try {
    await session.run();
  } finally {
    for (const spy of [...spies, judge]) spy.mockRestore();
  }
  const at = events.findIndex(({ type }) => type === "trouble");
  expect(events[at]).toEqual({
    type: "trouble",
    step: 40,
    reason: "It has leapt.",
    backTo: 20,
    lr: config.lr / 2,
  });
  const after = events.slice(at + 1);
  // What went wrong is not kept; should the device be lost, the run goes on from where it went back to.
  const saved = (some: Event[]) => some.filter((event) => event.type === "saved");
  const good = {
    type: "saved",
    purpose: "recover",
    beginning: { bytes: kept!.bytes, resume: true, step: 20 },
  };
  expect(saved(events.slice(0, at))).toEqual([good]);
  expect(saved(after)).toEqual([good]);
  const steps = after.flatMap((event) => (event.type === "progress" ? [event.step] : []));
  // Reports come every 5 steps here, every 20 on a fast adapter, and a checkpoint is up to one report ahead of its own.
  expect(steps[0]).toBeGreaterThan(20);
  expect(steps[0]).toBeLessThanOrEqual(60);
  expect(steps.at(-1)).toBe(60);
  expect(after.at(-1)?.type).toBe("finished");
});
