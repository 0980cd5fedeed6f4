/** Judges any oracle case by its kind. */
import type { Device } from "../../../src/gpu/device.js";
import type { AdamCase, FieldCase, GradCase, IvpCase, RegCase, SolveCase } from "../../support/cases.js";
import type { EntropyCase, ToyCase } from "../../support/toy-checks.js";
import { judgeAdam } from "./adam.js";
import { judgeField } from "./field.js";
import { judgeGrad } from "./grad.js";
import { judgeIvp } from "./ivp.js";
import type { How, Judge, Verdict } from "./judgement.js";
import { judgeReg } from "./reg.js";
import { judgeSolve } from "./solve.js";
import { judgeToy, judgeToyEntropy } from "./toy.js";

export const SCHEMA = "cnf-oracle-1";

/** Kinds of the schema that need parts of the engine which are not there yet. */
const LATER = ["hyper_cnf"];

export type Outcome =
  | { readonly status: "passed" | "failed"; readonly verdict: Verdict }
  /** `reason` is one sentence. */
  | { readonly status: "failed" | "skipped"; readonly reason: string };

/** Judges the content of one case file; whatever goes wrong is the outcome "failed" with a reason. */
export async function judgeCase(device: Device, content: unknown, how: How = {}): Promise<Outcome> {
  const failed = (reason: string): Outcome => ({ status: "failed", reason });
  if (typeof content !== "object" || content === null) return failed("the file holds no JSON object");
  const { schema, kind } = content as { schema?: unknown; kind?: unknown };
  if (schema !== SCHEMA) return failed(`the schema is ${JSON.stringify(schema)}, not "${SCHEMA}"`);
  if (LATER.includes(kind as string)) return { status: "skipped", reason: "asked for by a later issue" };
  try {
    const verdict = await judgeKind(device, kind, content, how);
    if (!verdict) return failed(`the kind ${JSON.stringify(kind)} is unknown`);
    const { judgements } = verdict;
    if (how.path === "fused" && judgements.length === 0) {
      return { status: "skipped", reason: "the fused path takes none of its solves" };
    }
    // A file without results must not count as one whose results are right.
    if (!judgements.some(({ judged }) => judged)) return failed("the file holds nothing to judge");
    await device.finished();
    const errors = device.uncapturedErrors.splice(0);
    if (errors.length > 0) return failed(`WebGPU reported: ${errors.join("; ")}`);
    return { status: judgements.every(({ pass }) => pass) ? "passed" : "failed", verdict };
  } catch (error) {
    if (device.isLost) throw error;
    return failed(error instanceof Error ? error.message : String(error));
  }
}

/** Undefined for an unknown kind. A file that belies its kind ends in an exception of the judge. */
async function judgeKind(
  device: Device,
  kind: unknown,
  content: object,
  how: How,
): Promise<Verdict | undefined> {
  const by = <Case>(judge: Judge<Case>) => judge(device, content as Case, how);
  switch (kind) {
    case "field":
      return by<FieldCase>(judgeField);
    case "solve":
      return by<SolveCase>(judgeSolve);
    case "grad":
      return by<GradCase>(judgeGrad);
    case "reg":
      return by<RegCase>(judgeReg);
    case "adam":
      return by<AdamCase>(judgeAdam);
    case "ivp":
      return by<IvpCase>(judgeIvp);
    case "toy":
      return judgeToy(content as ToyCase);
    case "toy_entropy":
      return judgeToyEntropy(content as EntropyCase);
    default:
      return undefined;
  }
}
