/** Dormand–Prince 5(4), seven stages of which the last is the next step's first. */
import { type Method, quarticExtension } from "./method.js";

const b = [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0];

/** Shampine's fourth-order interpolant in the form of Hairer, Nørsett & Wanner (`contd5`, constants D1 … D7). */
const d = [
  -12715105075 / 11282082432,
  0,
  87487479700 / 32700410799,
  -10690763975 / 1880347072,
  701980252875 / 199316789632,
  -1453857185 / 822651844,
  69997945 / 29380423,
];

export const dopri5: Method = {
  name: "dopri5",
  order: 5,
  embeddedOrder: 4,
  stages: 7,
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  a: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  b,
  // Shampine's b̂, as in torchdiffeq and diffrax. Dormand and Prince's own b̂ has last weight 1/40: the error
  // estimate of Hairer's DOPRI5 and of SciPy's RK45 is a fixed 3/2 of this one.
  e: [
    35 / 384 - 1951 / 21600,
    0,
    500 / 1113 - 22642 / 50085,
    125 / 192 - 451 / 720,
    -2187 / 6784 + 12231 / 42400,
    11 / 84 - 649 / 6300,
    -1 / 60,
  ],
  fsal: true,
  dense: quarticExtension(b, d),
  source:
    "Dormand & Prince, J. Comput. Appl. Math. 6 (1980), 19–26; b̂ and interpolant: Shampine, Math. Comp. 46 " +
    "(1986), 135–150; interpolant's form: Hairer, Nørsett & Wanner, Solving ODEs I (1993), II.6",
};
