/**
 * What a solve should take on each path, from a device's calibration. The fused path saves the dispatches between layers
 * and pays with the compilation of kernels for the shape at hand, so it is a question of how much there is to do.
 */
import type { Calibration } from "./calibration.js";
import type { Path } from "./execution.js";

/** A forward solve, as far as its cost is known before it runs. */
export interface SolveWork {
  /** Evaluations of the field; adaptive solves: of a usual one. */
  readonly evaluations: number;
  /** Multiply-adds of the layer products of one evaluation. */
  readonly multiplyAdds: number;
  /** Of one evaluation on the layered path. */
  readonly dispatches: number;
  /** How often the solve will run, as far as is known. */
  readonly uses: number;
}

/**
 * The rule where nothing is measured, and where what is measured leaves it open. Cost, in multiply-adds, from which
 * kernels for one shape pay for their compilation (a software adapter: seconds, at 1 ns a multiply-add), and the cost
 * of a dispatch that the fused path saves.
 */
const WORTH_COMPILING = 4e9;
const DISPATCH = 1e5;
/** A share of it so small that no device compiles for it. */
const NEVER_WORTH = 1 / 50;
/** Milliseconds that drivers take for the kernels of a fused solve. */
const COMPILATION = { software: 1000, hardware: 100 };
/** Estimates that are closer than this say nothing, and the rule stands. */
const CLEAR = 2;
/** Of a whole fused solve: its probes, and itself. */
const FUSED_DISPATCHES = 2;

/**
 * Forward solves that the kernels of a training step are taken to replace: 100 steps of a solve and its reverse, which
 * costs two more. Not the steps of the run: a longer run shall begin like a shorter one, bit for bit.
 */
export const TRAINING_USES = 300;

/**
 * Milliseconds of one solve, compilation not counted. One rate stands for both paths, that of a product on its own: a
 * rough figure, not a prediction. On SwiftShader layered solves run at about 3 GFLOP/s and fused ones with resident weights
 * at 7 to 9; so beside each other the fused path is better there than it is made out, and the choice leans to the layered.
 */
export function expectedMilliseconds(path: Path, work: SolveWork, { launch, rate }: Calibration): number {
  const { evaluations, multiplyAdds, dispatches } = work;
  const launches = path === "fused" ? FUSED_DISPATCHES : evaluations * dispatches;
  return (evaluations * multiplyAdds) / rate + launches * launch;
}

/**
 * The path by the rule alone, and whether it stands whatever the device. Above the bound it does: kernels serve every
 * batch of a field, so that much work is repaid by the next call if not by this one.
 */
export function ruleOf({ uses, evaluations, multiplyAdds, dispatches }: SolveWork): {
  path: Path;
  certain: boolean;
} {
  const worth = (uses * evaluations * (multiplyAdds + DISPATCH * dispatches)) / WORTH_COMPILING;
  return {
    path: worth < 1 ? "layered" : "fused",
    certain: worth < NEVER_WORTH || worth >= 1,
  };
}

/**
 * Below the bound of the rule, the fused path where it is expected to end clearly first, compilation included: where
 * launches are slow beside the work in them.
 */
export function measuredPath(work: SolveWork, calibration: Calibration, isSoftware: boolean): Path {
  const rule = ruleOf(work);
  if (rule.certain || calibration.source === "assumed") return rule.path;
  const layered = work.uses * expectedMilliseconds("layered", work, calibration);
  const compilation = isSoftware ? COMPILATION.software : COMPILATION.hardware;
  const fused = compilation + work.uses * expectedMilliseconds("fused", work, calibration);
  return layered > CLEAR * fused ? "fused" : rule.path;
}
