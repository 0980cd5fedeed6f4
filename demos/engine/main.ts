/**
 * The engine page: a self-test of this device against float64, the benchmark, the speed of single operations, its
 * limits, and a report to copy.
 *
 * Address parameters, all optional: start=0 (no self-test by itself), groups=arithmetic.fields (only these),
 * brief=1 (small sizes of single operations, one repeat in the benchmark).
 */
import { adapterTitle } from "../shared/adapter.js";
import { byId, make, setText } from "../shared/dom.js";
import type { Failure } from "../shared/failure.js";
import { decimal, integer } from "../shared/format.js";
import { Notice } from "../shared/notice.js";
import { themeToggle } from "../shared/theme.js";
import { WorkerClient } from "../shared/worker-client.js";
import { BenchCard } from "./bench-card.js";
import { copyText } from "./copy.js";
import { hostOf } from "./host.js";
import {
  type Checked,
  type Command,
  type Described,
  type Event,
  GROUPS,
  type Measured,
  passed,
} from "./protocol.js";
import { errorText, reportText, time } from "./report.js";

const status = byId("status", HTMLElement);
const verdict = byId("verdict", HTMLElement);
const testButton = byId("test", HTMLButtonElement);
const measureButton = byId("measure", HTMLButtonElement);
const copyButton = byId("copy", HTMLButtonElement);
const report = byId("report", HTMLTextAreaElement);
const notice = new Notice(byId("notice", HTMLElement));
const address = new URLSearchParams(location.search);
const brief = address.get("brief") === "1";
const groups = GROUPS.filter((group) => address.get("groups")?.split(".").includes(group) ?? true);

let device: Described | undefined;
let checks: Checked[] = [];
let measures: Measured[] = [];

themeToggle(byId("theme", HTMLButtonElement));
const client = new WorkerClient<Command, Event>({
  create: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
  onEvent,
  onCrash: (message) => onFailure({ kind: "failed", message }),
});
const bench = new BenchCard({
  run: (only) => {
    setState("benching", "The benchmark is running.");
    client.send({ type: "bench", only, host: hostOf(navigator.userAgent), brief });
  },
  cancel,
});
testButton.addEventListener("click", test);
measureButton.addEventListener("click", measure);
copyButton.addEventListener("click", copy);
begin();

function begin(): void {
  client.begin({ type: "describe" });
  if (address.get("start") === "0") setState("opening", "Opening the device…");
  else test();
}

function test(): void {
  checks = [];
  for (const group of GROUPS) byId(`checks-${group}`, HTMLTableSectionElement).replaceChildren();
  setState("testing", "Testing…");
  client.send({ type: "test", groups });
}

function measure(): void {
  measures = [];
  byId("measures", HTMLTableSectionElement).replaceChildren();
  setState("measuring", "Measuring…");
  client.send({ type: "measure", brief });
}

/** Ends the worker: a workload does not look up until its calls have come back. */
function cancel(): void {
  client.restart();
  client.begin({ type: "describe" });
  bench.cancelled();
  setState("opening", "Opening the device…");
}

/** What the page is doing; buttons wait while it is busy. */
function setState(state: string, text: string): void {
  document.body.dataset.state = state;
  setText(status, text);
  testButton.disabled = measureButton.disabled = state !== "ready";
  bench.setState(state === "ready" ? "free" : state === "benching" ? "benching" : "none");
  const { markdown } = bench;
  report.value = reportText({ device, checks, markdown, measures, browser: navigator.userAgent });
}

function onEvent(event: Event): void {
  if (event.type === "described") onDescribed(event);
  else if (event.type === "checked") onChecked(event);
  else if (event.type === "measured") onMeasured(event);
  else if (event.type === "tested") onTested(event.milliseconds);
  else if (event.type === "measuredAll") {
    setState("ready", `Measured in ${decimal(event.milliseconds / 1000, 1)} s.`);
  } else if (event.type === "benching") bench.progress(event.name, event.text);
  else if (event.type === "benched") bench.add(event.report);
  else if (event.type === "benchedAll") {
    bench.done(event.milliseconds);
    setState("ready", "The benchmark is done.");
  } else onFailure(event.failure);
}

/** A name in camel case, which may break where a word begins. */
function breakable(name: string): (string | HTMLElement)[] {
  const [first = "", ...words] = name.split(/(?=[A-Z])/);
  return [first, ...words.flatMap((word) => [make("wbr"), word])];
}

function onDescribed(event: Described): void {
  device = event;
  bench.setAdapter(event.adapter);
  setText(byId("adapter", HTMLElement), adapterTitle(event.adapter));
  const rows = event.limits.map(({ name, inUse, offered }) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, ...breakable(name)),
      make("td", { textContent: integer(inUse) }),
      make("td", { textContent: integer(offered) }),
    ),
  );
  byId("limits", HTMLTableSectionElement).replaceChildren(...rows);
  setText(byId("features", HTMLElement), event.features.join(", ") || "none");
  if (document.body.dataset.state === "opening") setState("ready", "The device is open.");
}

function onChecked(check: Checked): void {
  checks.push(check);
  const { group, name, unit, bound, error, compared, failure } = check;
  const good = passed(check);
  const label = make("th", { scope: "row", textContent: name });
  if (failure) label.append(make("small", { textContent: ` ${failure}` }));
  // A bar as long as the error is of its bound; what may not err at all has none.
  const share = Math.min(1, error / (bound || 1));
  const bar = make("span", { className: "share" }, make("span", { className: good ? "" : "bad" }));
  (bar.firstElementChild as HTMLElement).style.width = `${Math.round(100 * (share || (good ? 0 : 1)))}%`;
  bar.setAttribute("aria-hidden", "true");
  const row = make(
    "tr",
    { title: `${integer(compared)} numbers compared` },
    label,
    make("td", { textContent: errorText(check) }),
    make("td", { textContent: errorText({ unit, error: bound }) }),
    make("td", {}, bar),
    make("td", { className: good ? "good" : "bad", textContent: good ? "ok" : "failed" }),
  );
  byId(`checks-${group}`, HTMLTableSectionElement).append(row);
  setText(status, `Testing: ${name}`);
}

function onTested(milliseconds: number): void {
  const bad = checks.filter((check) => !passed(check));
  const compared = checks.reduce((sum, check) => sum + check.compared, 0);
  const text =
    bad.length === 0
      ? `All ${checks.length} checks passed`
      : `${bad.length} of ${checks.length} ${bad.length === 1 ? "check" : "checks"} failed`;
  setText(verdict, text);
  verdict.className = bad.length === 0 ? "good" : "bad";
  setText(byId("compared", HTMLElement), integer(compared));
  setText(byId("test-time", HTMLElement), `${decimal(milliseconds / 1000, 1)} s`);
  setState("ready", `Tested in ${decimal(milliseconds / 1000, 1)} s.`);
}

function onMeasured(measured: Measured): void {
  measures.push(measured);
  const { name, size, milliseconds, rate, unit } = measured;
  const row = make(
    "tr",
    {},
    make("th", { scope: "row" }, name, make("small", { textContent: size })),
    make("td", { textContent: time(milliseconds) }),
    make("td", {}, Number(rate.toPrecision(3)).toLocaleString("en"), make("small", { textContent: unit })),
  );
  byId("measures", HTMLTableSectionElement).append(row);
  setText(status, `Measuring: ${name} is done.`);
}

async function copy(): Promise<void> {
  const copied = await copyText(report.value, report);
  const closed = "The clipboard is closed to this page; the report is selected, to be copied by hand.";
  setText(status, copied ? "The report is on the clipboard." : closed);
}

function onFailure(failure: Failure): void {
  setState("stopped", "Stopped.");
  notice.showFailure(failure, () => {
    notice.hide();
    client.restart();
    begin();
  });
}
