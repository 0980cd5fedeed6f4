/**
 * The `data` namespace: `data.moons()`, `data.fromPoints(points, dim)`, and what they are made of.
 */
import { type Dataset, type ToyOptions, toyDataset } from "./dataset.js";

export { type Dataset, fromPoints, type PointsOptions, type ToyOptions, toyDataset } from "./dataset.js";
export { type KlEstimate, klFromData } from "./kl.js";
export { TOY_SETS, toy } from "./sets.js";
export { type Standardisation, standardisation, standardise, unstandardise } from "./standardise.js";
export type { LogDensity2d, ToySet } from "./toy-set.js";

type Maker = (options?: ToyOptions) => Dataset;

export const moons: Maker = (options) => toyDataset("moons", options);
export const circles: Maker = (options) => toyDataset("circles", options);
export const eightGaussians: Maker = (options) => toyDataset("8gaussians", options);
export const pinwheel: Maker = (options) => toyDataset("pinwheel", options);
export const twoSpirals: Maker = (options) => toyDataset("2spirals", options);
export const checkerboard: Maker = (options) => toyDataset("checkerboard", options);
export const rings: Maker = (options) => toyDataset("rings", options);
export const swissroll: Maker = (options) => toyDataset("swissroll", options);
export const smiley: Maker = (options) => toyDataset("smiley", options);
export const line: Maker = (options) => toyDataset("line", options);
export const cos: Maker = (options) => toyDataset("cos", options);
export const circlesTorchdiffeq: Maker = (options) => toyDataset("circles_torchdiffeq", options);
