/** The course of a flow in time, as a worker computes it and its page shows it. */

/** Particles at every time of the course, from T (noise) down to 0 (data), in data coordinates. */
export interface Course {
  readonly type: "course";
  readonly step: number;
  /** Descending from T to 0, evenly spaced. */
  readonly times: readonly number[];
  /** Moments will come for every so many of the times. */
  readonly stride: number;
  /** Of the coordinates in which the base is N(0, I): (x − mean) / std. */
  readonly mean: readonly [number, number];
  readonly std: readonly [number, number];
  /** [n, 2] for every time: samples on their way. */
  readonly samples: readonly Float32Array[];
}

/** Density and field at one time of the course. */
export interface Moment {
  readonly type: "moment";
  readonly step: number;
  /** Which of the times. */
  readonly index: number;
  readonly size: number;
  /** [size, size] log p_t at the cells' centres in nats, row 0 at the top. */
  readonly logDensity: Float32Array;
  /** [m, m, 2] the field at the cells' centres of a coarser grid, row 0 at the top; empty where nothing shows it. */
  readonly field: Float32Array;
}
