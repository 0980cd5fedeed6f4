/** The image page with files of the reader's own: what is refused, what is learned, time, and what is saved. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { decode, encode } from "fast-png";
import { Faults, numberIn, reach } from "./support/faults.js";

const STEPS = { warm: 200, likelihood: 2 };

/** White where `lit` says so, black elsewhere. */
function png(width: number, height: number, lit: (column: number, row: number) => boolean): Buffer {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    lit(i % width, Math.floor(i / width)) ? 255 : 0,
  );
  return Buffer.from(encode({ width, height, data, channels: 1, depth: 8 }));
}

/** Pastes or drops a PNG on the page. */
async function hand(page: Page, kind: "paste" | "drop", name: string, bytes: Buffer): Promise<void> {
  await page.evaluate(
    ({ kind, name, bytes }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], name, { type: "image/png" }));
      const bubbles = { bubbles: true, cancelable: true };
      document.body.dispatchEvent(
        kind === "paste"
          ? new ClipboardEvent("paste", { ...bubbles, clipboardData: transfer })
          : new DragEvent("drop", { ...bubbles, dataTransfer: transfer }),
      );
    },
    { kind, name, bytes: [...bytes] },
  );
}

async function saved(page: Page, testId: string): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId(testId).click()]);
  return readFileSync(await download.path());
}

test("a picture is read, learned, carried to noise and saved; what is no picture is named", async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const faults = new Faults(page);
  const { warm, likelihood } = STEPS;
  await page.goto(`image/?hidden=16-16&points=2000&seed=1&warm=${warm}&steps=${likelihood}`);
  await reach(page, "ready");
  await expect(page.getByTestId("status")).toHaveText("Ready to learn “Galaxy”.");
  await page.getByText("Settings", { exact: true }).click();
  const kinetic = page.getByLabel("Kinetic regularisation");
  await expect(kinetic).toHaveAccessibleDescription(/squared speed .* Raised: straighter/);
  await kinetic.selectOption("0.01");
  expect(new URL(page.url()).searchParams.get("kinetic")).toBe("0.01");
  await kinetic.selectOption("off");
  expect(new URL(page.url()).searchParams.has("kinetic")).toBe(false);
  await reach(page, "ready");
  await page.getByLabel("Open a picture").setInputFiles({
    name: "notes.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("not a picture"),
  });
  await expect(page.locator("#notice")).toContainText(
    "notes.txt is neither a PNG nor a JPEG picture: save it",
  );
  // What was there before stays, and can be learned.
  await expect(page.getByTestId("go")).toBeEnabled();

  const night = png(6, 6, () => false);
  await hand(page, "paste", "night.png", night);
  await expect(page.locator("#notice")).toContainText("“night.png” is black or transparent all over");
  await expect(page.getByTestId("go")).toBeDisabled();
  await page.getByTestId("invert").check();
  await expect(page.locator("#notice")).toBeHidden();
  expect(new URL(page.url()).searchParams.get("invert")).toBe("1");
  // Uniform on the whole square of side 4.
  expect(await numberIn(page, "entropy")).toBeCloseTo(Math.log(16), 3);
  await hand(page, "drop", "cut.png", night.subarray(0, 40));
  await expect(page.locator("#notice")).toContainText("cut.png is damaged and cannot be read");
  await page.getByTestId("invert").uncheck();

  // Of 16 lit pixels 12 are in the right half; each has a side of half a unit.
  const lit = (column: number, row: number) => (column < 4 ? column === 0 : row < 3);
  await hand(page, "drop", "halves.png", png(8, 4, lit));
  await expect(page.locator("#notice")).toBeHidden();
  await reach(page, "ready");
  await expect(page.getByTestId("target")).toHaveAttribute(
    "aria-label",
    /8 × 4 pixels: 75\.0 % .* right half/,
  );
  const entropy = await numberIn(page, "entropy");
  expect(entropy).toBeCloseTo(Math.log(4), 3);
  await expect(page.getByTestId("held-out")).not.toHaveText("–");
  const start = await numberIn(page, "held-out");

  await page.getByTestId("go").click();
  await expect(page.getByTestId("status")).toContainText("Warm start on “halves.png”");
  await reach(page, "finished", 120_000);
  expect(await numberIn(page, "step")).toBe(warm + likelihood);
  await expect(page.getByTestId("picture-text")).toContainText(`after ${warm + likelihood} training steps`);
  await expect(page.getByTestId("time")).toBeEnabled();
  const heldOut = await numberIn(page, "held-out");
  expect(heldOut).toBeLessThan(start - 0.1);
  // No density is below the entropy, and so small a flow leaves hard edges far above it.
  expect(heldOut).toBeGreaterThan(entropy);
  // Each of the three is rounded to three decimals.
  expect(Math.abs((await numberIn(page, "kl")) - (heldOut - entropy))).toBeLessThan(0.002);

  await page.getByTestId("time").fill("0");
  await expect(page.getByTestId("time-text")).toHaveText("t = 1.00, noise");
  for (const [name, expected, error] of [
    // Four standard errors of 2,500 points: 4/√2500 of a mean, 4/√5000 of a deviation.
    ["moment-mean", 0, 0.08],
    ["moment-std", 1, 0.057],
  ] as const) {
    const pair = (await page.getByTestId(name).textContent())!.replaceAll("−", "-").split(",").map(Number);
    for (const value of pair) expect(Math.abs(value - expected)).toBeLessThan(error);
  }

  const rows = (await saved(page, "save-samples")).toString().trim().split("\n");
  expect(rows[0]).toBe("x,y");
  expect(rows).toHaveLength(10_001);
  const { width, height } = decode(await saved(page, "save-picture"));
  expect(width).toBe(3 * height + 48);

  await page.getByTestId("reset").click();
  await reach(page, "ready");
  expect(await numberIn(page, "step")).toBe(0);
  faults.expectNone();
});
