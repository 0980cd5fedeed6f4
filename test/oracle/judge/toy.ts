/** Judges "toy" and "toy_entropy" cases: our own data sets and their exact densities. No GPU takes part. */
import { toy } from "../../../src/data/sets.js";
import { type EntropyCase, entropyCheck, ksChecks, type ToyCase } from "../../support/toy-checks.js";
import { Findings, type Verdict } from "./judgement.js";

/** A level of 1 % a test would fail one fresh draw in a hundred: the draw is always the same one. */
const SEED = 0;
/** Points for the Kolmogorov–Smirnov distances, of which the reference has a million. */
const SAMPLES = 20_000;
const ENTROPY_SAMPLES = 100_000;

export function judgeToy(oracle: ToyCase): Verdict {
  const found = new Findings();
  const points = toy(oracle.distribution).sample(SAMPLES, SEED);
  for (const { quantity, value, bound } of ksChecks(oracle, points)) found.add(quantity, "", value, bound);
  return found;
}

/** −mean log p against the tabled entropy, in standard errors. */
export function judgeToyEntropy(oracle: EntropyCase): Verdict {
  const found = new Findings();
  for (const [name, floor] of Object.entries(oracle.entropy_nats)) {
    const { logDensity, sample } = toy(name);
    if (!logDensity) throw new Error(`${name} has no exact density`);
    const { value, bound } = entropyCheck(logDensity, sample(ENTROPY_SAMPLES, SEED), floor);
    found.add(name, "", value, bound);
  }
  return found;
}
