import { expect, type Page, test } from "@playwright/test";
import { Faults, reach } from "./support/faults.js";

/** The figure of one side with all its digits; "" where there is none. */
const value = (page: Page, name: string) => page.getByTestId(name).locator("data").getAttribute("value");

async function both(page: Page, name: string): Promise<[a: string, b: string]> {
  return [(await value(page, `${name}-a`))!, (await value(page, `${name}-b`))!];
}

/** What a column says it has otherwise than the other. */
const differs = (page: Page, side: "a" | "b") =>
  page.getByTestId(`differs-${side}`).locator("li").allInnerTexts();

test("two configurations train in turns; alike they agree bit for bit, and otherwise they do not", async ({
  page,
}) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const faults = new Faults(page);
  const common = "v=1&d=circles&n=1000&h=8-8&s=rk4&k=2&t=exact&w=0&r=0.02&b=32&x=5&m=30";
  await page.goto(`compare/#${common}&Bw=7&Bx=6&q=9`);
  await expect(page.getByTestId("notice")).toContainText("q=9, Bx=6, Bw=7");
  await reach(page, "ready");
  expect(await differs(page, "b")).toEqual(["like the other side"]);

  // One step each, then in turns to the end: the link gave both all they have, so nothing is left to tell them apart.
  await page.getByTestId("single").click();
  await reach(page, "paused");
  expect(await both(page, "step")).toEqual(["1", "1"]);
  await page.getByTestId("go").click();
  await reach(page, "finished");
  expect(await both(page, "step")).toEqual(["30", "30"]);
  for (const name of ["loss", "held-out"]) {
    const [a, b] = await both(page, name);
    expect(Number(a), name).toBeGreaterThan(1);
    expect(a, name).toBe(b);
  }
  await expect(page.getByTestId("verdict")).toContainText("After 30 steps each, they are equally good");
  const [, alike] = await both(page, "held-out");

  // Alike they have one picture; the slider moves both, at its left end to the noise that both begin from.
  const plate = (side: "a" | "b") =>
    page.getByTestId(`plate-${side}`).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  await expect(page.locator("body")).toHaveAttribute("data-course", "ready", { timeout: 60_000 });
  const atData = await plate("a");
  const [way, same] = await both(page, "path");
  expect(Number(way)).toBeGreaterThan(0);
  expect(way).toBe(same);
  await page.getByTestId("time").press("Home");
  await expect(page.getByTestId("time-text")).toHaveText("t = 1.00, noise");
  await expect.poll(() => plate("a")).not.toBe(atData);
  await expect.poll(async () => (await plate("a")) === (await plate("b"))).toBe(true);

  // B alone gets another setting; A runs as before.
  await page.getByText("Settings of B").click();
  await page.locator("#b-solverSteps").fill("3");
  await page.locator("#b-solverSteps").blur();
  expect(await differs(page, "a")).toEqual(["Solver steps: 2"]);
  expect(await differs(page, "b")).toEqual(["Solver steps: 3"]);
  expect(new URL(page.url()).hash).toMatch(/&Bk=3$/);
  await reach(page, "ready");
  await page.getByTestId("go").click();
  await reach(page, "finished");
  expect(await both(page, "step")).toEqual(["30", "30"]);
  const [a, b] = await both(page, "held-out");
  expect(a).toBe(alike);
  expect(b).not.toBe(alike);
  // rk4 evaluates the field four times a step.
  await expect(page.getByTestId("nfe-a")).toHaveText(/^8 \+ /);
  await expect(page.getByTestId("nfe-b")).toHaveText(/^12 \+ /);
  await page.getByTestId("chart-axis").selectOption("seconds");
  await expect(page.locator("#chart-nll [role=img]")).toHaveAttribute("aria-label", /After 30 steps each/);

  // A comparison changes B where it says, and nothing but what it says is lost from A.
  await page.getByLabel("Trace", { exact: true }).check();
  expect(await differs(page, "a")).toEqual(["Trace in training: exact"]);
  expect(await differs(page, "b")).toEqual(["Trace in training: Hutchinson, ±1 probe"]);
  await expect(page.getByTestId("preset-about")).toContainText("one random probe");
  const link = page.url();
  expect(new URL(link).hash).toMatch(/d=circles&n=1000.*&h=8-8.*&Bt=rademacher$/);
  // Opened elsewhere, the link brings the same pair.
  await page.goto("about:blank");
  await page.goto(link);
  await reach(page, "ready");
  expect(await differs(page, "b")).toEqual(["Trace in training: Hutchinson, ±1 probe"]);
  await expect(page.locator("#a-hidden")).toHaveValue("8-8");
  await expect(page.locator("#common-seed")).toHaveValue("5");
  await expect(page.getByTestId("notice")).toBeHidden();
  faults.expectNone();
});
