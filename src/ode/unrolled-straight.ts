/**
 * The functions of resident weights where layers are narrow: every sample and slot written out, so that all places are known
 * and nothing has to be moved. A store to private memory is as much as four multiply-adds of a vec4 (it is blended with what
 * stood there, for lanes that are switched off), so sums over samples and slots are stored once.
 */
import type { ResidentLayer as Layer } from "./resident-plan.js";
import { COMPONENTS, gathered, swapped, times, UnrolledWriter } from "./unrolled-writer.js";

/** A sample of the tile in one of its slots. */
interface Row {
  readonly sample: number;
  readonly slot: number;
}

export class StraightWriter extends UnrolledWriter {
  /** Slots of a sample one after the other, the value first. */
  get #rows(): Row[] {
    const { samples, slots } = this.shape;
    return times(samples * slots, (i) => ({ sample: Math.floor(i / slots), slot: i % slots }));
  }

  /** Place of a column in an array [sample][slot][own column]. */
  #place({ sample, slot }: Row, c: number): number {
    return (sample * this.shape.slots + slot) * this.plan.own + c;
  }

  /** Place of a column in an array [sample][own column]. */
  #valuePlace({ sample }: Row, c: number): number {
    return sample * this.plan.own + c;
  }

  /** y or u'_k as it is kept. */
  #held({ index }: Layer, row: Row, c: number): string {
    return `held[${index * this.span + this.#place(row, c)}]`;
  }

  #heldU({ index }: Layer, row: Row, c: number): string {
    return `held_u[${index * this.shape.samples * this.plan.own + this.#valuePlace(row, c)}]`;
  }

  /** What a hidden layer has given: y or y'_k. */
  #given(layer: Layer, row: Row, c: number): string {
    return this.shape.keep && row.slot === 0 ? this.#held(layer, row, c) : `queue[${this.#place(row, c)}]`;
  }

  protected hidden(): string {
    return this.hiddenLayers
      .flatMap((layer) => this.#rows.map((row) => this.#forward(layer, row)))
      .join("\n");
  }

  #forward(layer: Layer, row: Row): string {
    const { index, own } = layer;
    const point = index === 0 ? `let z = quadBroadcast(points[${row.slot}], ${row.sample}u);` : "";
    const products = times(own, (c) => this.#product(layer, row, c));
    const results = times(own, (c) => {
      const u = `${this.gained(layer, c)}a${c}`;
      const result = `queue[${this.#place(row, c)}]`;
      if (row.slot > 0) {
        const held = this.shape.keep ? `${this.#held(layer, row, c)} = a;` : "";
        return `{ let a = ${u}; ${held} ${result} = slope[${c}] * a; }`;
      }
      const heldU = this.shape.keep ? `${this.#heldU(layer, row, c)} = u;` : "";
      return `{ let u = ${u} + offset[${this.column(layer, c)}]; ${heldU} let y = activate(u, beta);
${this.#given(layer, row, c)} = y; ${this.shape.slots > 1 ? `slope[${c}] = activate_d1(u, y, beta);` : ""} }`;
    });
    return `{ ${[point, ...products, ...results].join("\n")} }`;
  }

  /** a{c} = W x, an own column. */
  #product({ index, ownInputs, own, at }: Layer, row: Row, c: number): string {
    const below = this.hiddenLayers[index - 1];
    const term = (k: number, x: string) =>
      COMPONENTS.map((d, j) => `a${c} += w[${at + (4 * k + j) * own + c}] * ${x}.${d};`).join("\n");
    const terms = below
      ? times(4 * ownInputs, (k) => {
          return `{ let x = ${swapped(this.#given(below, row, k >> 2), k & 3)};\n${term(k, "x")} }`;
        })
      : [term(0, "z")];
    return `var a${c} = vec4<f32>();\n${terms.join("\n")}`;
  }

  protected results(): string {
    const { samples, slots } = this.shape;
    const { ownInputs, at, index } = this.lastLayer;
    const below = this.hiddenLayers[index - 1]!;
    return times(slots, (slot) => {
      const shares = times(samples, (sample) => {
        const terms = times(ownInputs, (c) => {
          const x = this.#given(below, { sample, slot }, c);
          return COMPONENTS.map((d, j) => `${x}.${d} * w[${at + 4 * c + j}]`).join(" + ");
        });
        return `let a${sample} = ${terms.join(" + ")};`;
      });
      const offset = slot === 0 ? ` + offset[${this.column(this.lastLayer, 0)}]` : "";
      return `{ ${shares.join("\n")}
results[${slot}] = ${this.gained(this.lastLayer, 0)}sum_to_own(lane, a0, a1, a2, a3)${offset}; }`;
    }).join("\n");
  }

  /** What each sample's own lane has, by row. */
  #spread(name: string, from: string): string {
    return this.#rows
      .map(
        (row) => `let ${name}${this.#place(row, 0)} = quadBroadcast(${from}[${row.slot}], ${row.sample}u);`,
      )
      .join("\n");
  }

  /** sigma' and sigma'' of a hidden layer, of all samples. */
  #slopes(layer: Layer): string {
    return times(this.shape.samples, (sample) =>
      times(layer.own, (c) => {
        const row = { sample, slot: 0 };
        const place = this.#valuePlace(row, c);
        return `{ let u = ${this.#heldU(layer, row, c)}; let y = ${this.#held(layer, row, c)};
slope[${place}] = activate_d1(u, y, beta); curve[${place}] = activate_d2(u, y, beta); }`;
      }).join("\n"),
    ).join("\n");
  }

  protected sweepLast(layer: Layer): string {
    const { ownInputs, at } = layer;
    const { slots } = this.shape;
    const below = this.plan.layers[layer.index - 1]!;
    const column = this.column(layer, 0);
    // Lanes have their samples' cotangents and results.
    const gates = times(slots, (slot) => {
      const w = slot === 0 ? `(results[0] - t * drift[${column}])` : `results[${slot}]`;
      return `seeds[${slot}] * ${w}`;
    });
    const gate = this.shape.gated ? `total_gate[${column}] += subgroupAdd(${gates.join(" + ")});` : "";
    const outer = times(ownInputs, (c) =>
      COMPONENTS.map((d, j) => {
        const terms = this.#rows.map(
          (row) => `${this.#given(below, row, c)}.${d} * bar${this.#place(row, 0)}`,
        );
        return `w_bar[${at + 4 * c + j}] += ${this.gained(layer, 0)}(${terms.join("\n+ ")});`;
      }).join("\n"),
    );
    const bars = this.#down(below, (row) => {
      const backs = times(ownInputs, (c) => {
        const dots = COMPONENTS.map((_, j) => `dot(w[${at + 4 * c + j}], bar)`);
        return `let back${c} = vec4<f32>(${dots.join(", ")});`;
      });
      return `let bar = ${this.gained(layer, 0)}bar${this.#place(row, 0)};\n${backs.join("\n")}`;
    });
    const sums = [`total[${column}] += subgroupAdd(seeds[0]);`, gate, this.#spread("bar", "seeds")];
    return [...sums, ...outer, this.#slopes(below), bars].join("\n");
  }

  /** s u_bar of a hidden layer, from its results' cotangents, which `back` declares as back{c}: into `going`. */
  #down(layer: Layer, back: (row: Row) => string): string {
    // Of each sample the tangents first, from the last to the first: the value needs what they add.
    return [...this.#rows]
      .sort((one, other) => one.sample - other.sample || other.slot - one.slot)
      .map((row) => {
        const columns = times(layer.own, (c) => this.#bar(layer, row, c));
        return `{ ${back(row)}\n${columns.join("\n")} }`;
      })
      .join("\n");
  }

  #bar(layer: Layer, row: Row, c: number): string {
    const { slots, swish, gated } = this.shape;
    const { slot } = row;
    const i = this.column(layer, c);
    const place = this.#valuePlace(row, c);
    const u = this.#heldU(layer, row, c);
    const kept = this.#held(layer, row, c);
    const lines = [swish ? `add_beta_share(${slot}u, ${u}, ${kept}, back${c}, beta);` : ""];
    if (slot > 0) {
      lines.push(`let ub = slope[${place}] * back${c};`);
      lines.push(`bend[${c}] ${slot === slots - 1 ? "=" : "+="} curve[${place}] * ${kept} * back${c};`);
    } else {
      lines.push(`let ub = slope[${place}] * back${c}${slots > 1 ? ` + bend[${c}]` : ""};`);
      lines.push(`total[${i}] += ub;`);
    }
    if (gated) lines.push(`total_gate[${i}] += ub * ${slot === 0 ? `(${u} - t * drift[${i}])` : kept};`);
    lines.push(`going[${this.#place(row, c)}] = ${this.gained(layer, c)}ub;`);
    return `{ ${lines.join("\n")} }`;
  }

  protected sweepHidden(layer: Layer): string {
    const { index, ownInputs, own, at } = layer;
    const below = this.plan.layers[index - 1]!;
    const tangents = this.#rows.filter(({ slot }) => slot > 0);
    const inputLines = tangents.flatMap((row) =>
      times(ownInputs, (c) => {
        const sigma = `slope[${this.#valuePlace(row, c)}]`;
        return `input[${this.#place(row, c)}] = ${sigma} * ${this.#held(below, row, c)};`;
      }),
    );
    const inputOf = (row: Row, c: number) =>
      row.slot === 0 ? this.#held(below, row, c) : `input[${this.#place(row, c)}]`;
    const outer = times(4 * ownInputs, (k) =>
      COMPONENTS.flatMap((d, j) =>
        times(own, (c) => {
          const terms = this.#rows.map(
            (row) => `going[${this.#place(row, c)}] * ${swapped(`${inputOf(row, k >> 2)}.${d}`, k & 3)}`,
          );
          return `w_bar[${at + (4 * k + j) * own + c}] += ${terms.join("\n+ ")};`;
        }),
      ).join("\n"),
    );
    const bars = this.#down(below, (row) =>
      times(ownInputs, (i) => {
        const shares = times(4, (lane) => {
          const dots = COMPONENTS.map((_, j) =>
            times(own, (c) => {
              return `dot(w[${at + (16 * i + 4 * lane + j) * own + c}], going[${this.#place(row, c)}])`;
            }).join(" + "),
          );
          return `vec4<f32>(${dots.join(",\n")})`;
        });
        return `let back${i} = ${gathered(shares)};`;
      }).join("\n"),
    );
    return [this.#slopes(below), ...inputLines, ...outer, bars].join("\n");
  }

  protected sweepFirst({ own, at }: Layer): string {
    const { samples } = this.shape;
    const outer = COMPONENTS.flatMap((d, j) =>
      times(own, (c) => {
        const terms = this.#rows.map(
          (row) => `quadBroadcast(points[${row.slot}].${d}, ${row.sample}u) * going[${this.#place(row, c)}]`,
        );
        return `w_bar[${at + j * own + c}] += ${terms.join("\n+ ")};`;
      }),
    );
    const shares = times(samples, (sample) => {
      const dots = COMPONENTS.map((_, j) =>
        times(own, (c) => `dot(w[${at + j * own + c}], going[${this.#place({ sample, slot: 0 }, c)}])`).join(
          " + ",
        ),
      );
      return `let a${sample} = vec4<f32>(${dots.join(",\n")});`;
    });
    return [
      this.#spread("z", "points"),
      ...outer,
      ...shares,
      "point_bar = sum_to_own(lane, a0, a1, a2, a3);",
    ].join("\n");
  }
}
