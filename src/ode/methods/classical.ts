/** Methods of order 1 to 4. Embedded first-order weights are Euler's, b̂ = (1, 0, …), unless said otherwise. */
import type { Method } from "./method.js";

export const euler: Method = {
  name: "euler",
  order: 1,
  stages: 1,
  c: [0],
  a: [[]],
  b: [1],
  fsal: false,
  source: "Euler, Institutionum calculi integralis I (1768)",
};

export const midpoint: Method = {
  name: "midpoint",
  order: 2,
  embeddedOrder: 1,
  stages: 2,
  c: [0, 1 / 2],
  a: [[], [1 / 2]],
  b: [0, 1],
  e: [-1, 1],
  fsal: false,
  source: "Runge, Math. Ann. 46 (1895), 167–178",
};

/** The explicit trapezoidal rule; also called improved Euler or RK2. */
export const heun: Method = {
  name: "heun",
  order: 2,
  embeddedOrder: 1,
  stages: 2,
  c: [0, 1],
  a: [[], [1]],
  b: [1 / 2, 1 / 2],
  e: [-1 / 2, 1 / 2],
  fsal: false,
  source: "Heun, Z. Math. Phys. 45 (1900), 23–38",
};

/** The two-stage method of least truncation error bound. */
export const ralston: Method = {
  name: "ralston",
  order: 2,
  embeddedOrder: 1,
  stages: 2,
  c: [0, 2 / 3],
  a: [[], [2 / 3]],
  b: [1 / 4, 3 / 4],
  e: [-3 / 4, 3 / 4],
  fsal: false,
  source: "Ralston, Math. Comp. 16 (1962), 431–437",
};

/**
 * Fehlberg's 1(2) pair, propagating the second-order solution as torchdiffeq does. Its third stage sits at the
 * end of the first-order solution b̂ = (1/256, 255/256, 0), so it is not FSAL in this use.
 */
export const fehlberg2: Method = {
  name: "fehlberg2",
  order: 2,
  embeddedOrder: 1,
  stages: 3,
  c: [0, 1 / 2, 1],
  a: [[], [1 / 2], [1 / 256, 255 / 256]],
  b: [1 / 512, 255 / 256, 1 / 512],
  e: [-1 / 512, 0, 1 / 512],
  fsal: false,
  source: "Fehlberg, NASA TR R-315 (1969)",
};

/** Its published continuous extension is cubic Hermite, so `dense` is absent. */
export const bosh3: Method = {
  name: "bosh3",
  order: 3,
  embeddedOrder: 2,
  stages: 4,
  c: [0, 1 / 2, 3 / 4, 1],
  a: [[], [1 / 2], [0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
  b: [2 / 9, 1 / 3, 4 / 9, 0],
  e: [2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8],
  fsal: true,
  source: "Bogacki & Shampine, Appl. Math. Lett. 2 (1989), 321–325",
};

export const rk4: Method = {
  name: "rk4",
  order: 4,
  stages: 4,
  c: [0, 1 / 2, 1 / 2, 1],
  a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
  b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
  fsal: false,
  source: "Kutta, Z. Math. Phys. 46 (1901), 435–453",
};

/** The 3/8 rule; torchdiffeq's `rk4` is this one. */
export const rk38: Method = {
  name: "rk38",
  order: 4,
  stages: 4,
  c: [0, 1 / 3, 2 / 3, 1],
  a: [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]],
  b: [1 / 8, 3 / 8, 3 / 8, 1 / 8],
  fsal: false,
  source: "Kutta, Z. Math. Phys. 46 (1901), 435–453",
};
