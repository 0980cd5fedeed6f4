/**
 * The functions of resident weights where layers are wide: loops over samples and slots, so that the code of a layer stays
 * small. What they work on stands at the front or the end of arrays that move on by one place each time.
 */
import type { ResidentLayer as Layer } from "./resident-plan.js";
import { COMPONENTS, gathered, swapped, times, UnrolledWriter } from "./unrolled-writer.js";

export class QueueWriter extends UnrolledWriter {
  /** The array's front to its end: `values`, or what stood there. */
  #rotateLeft(name: string, at: number, values?: (c: number) => string): string {
    const { own } = this.plan;
    const span = this.span;
    const front = values ? [] : times(own, (c) => `let f${c} = ${name}[${at + c}];`);
    const moves = times(span - own, (i) => `${name}[${at + i}] = ${name}[${at + i + own}];`);
    const end = times(own, (c) => `${name}[${at + span - own + c}] = ${values ? values(c) : `f${c}`};`);
    return `{ ${[...front, ...moves, ...end].join("\n")} }`;
  }

  /** The array's end, `step` long, to its front. */
  #rotateRight(name: string, at: number, span = this.span, step = this.plan.own): string {
    const end = times(step, (c) => `let f${c} = ${name}[${at + span - step + c}];`);
    const moves = times(span - step, (i) => {
      const to = at + span - 1 - i;
      return `${name}[${to}] = ${name}[${to - step}];`;
    });
    const front = times(step, (c) => `${name}[${at + c}] = f${c};`);
    return `{ ${[...end, ...moves, ...front].join("\n")} }`;
  }

  /** sums = W x for the slot at the front of the queue. A column after the other: more sums leave the registers. */
  #product({ index, ownInputs, own, at }: Layer): string {
    const columns = times(own, (c) => {
      const term = (k: number) =>
        COMPONENTS.map((d, j) => `s += w[${at + (4 * k + j) * own + c}] * x.${d};`).join("\n");
      const terms =
        index === 0
          ? `{ let x = z;\n${term(0)} }`
          : times(
              4 * ownInputs,
              (k) => `{ let x = ${swapped(`queue[${k >> 2}]`, k & 3)};\n${term(k)} }`,
            ).join("\n");
      return `{ var s = vec4<f32>();\n${terms}\nsums[${c}] = s; }`;
    });
    return columns.join("\n");
  }

  protected hidden(): string {
    const { keep } = this.shape;
    const { own: widest } = this.plan;
    return this.hiddenLayers
      .map((layer) => {
        const { index, own } = layer;
        const input = index === 0 ? "let z = subgroupShuffle(points[slot], n / SLOTS);\n" : "";
        const scaled = this.shape.gated
          ? times(own, (c) => `sums[${c}] = ${this.gained(layer, c)}sums[${c}];`).join("\n")
          : "";
        const values = this.shape.samples * widest;
        // The value of another sample at the end, where those of the tile stand in their order behind the last.
        const kept = keep
          ? [
              ...times(
                values - widest,
                (i) => `held_u[${index * values + i}] = held_u[${index * values + i + widest}];`,
              ),
              ...times(own, (c) => `held_u[${(index + 1) * values - widest + c}] = sums[${c}];`),
            ]
          : [];
        // Loops, which are skipped for the tangents; an if would only be masked. The second is one in place of copies of
        // the activation, and passes the columns round.
        const value = [
          "for (var once = slot; once == 0u; once++) {",
          ...times(own, (c) => `sums[${c}] += offset[${this.column(layer, c)}];`),
          ...kept,
          "}",
          `for (var c = slot * ${own}u; c < ${own}u; c++) {`,
          "let u = sums[0]; let y = activate(u, beta); let d = activate_d1(u, y, beta);",
          ...times(own - 1, (c) => `sums[${c}] = sums[${c + 1}]; slope[${c}] = slope[${c + 1}];`),
          `sums[${own - 1}] = y; slope[${own - 1}] = d;`,
          "}",
        ].join("\n");
        const store = keep
          ? this.#rotateLeft("held", index * this.span, (c) => (c < own ? `sums[${c}]` : "vec4<f32>()"))
          : "";
        const result = (c: number) =>
          c < own ? `select(slope[${c}] * sums[${c}], sums[${c}], slot == 0u)` : "vec4<f32>()";
        return `for (var n = 0u; n < TILE * SLOTS; n++) {
let slot = n % SLOTS;
${input}${this.#product(layer)}
${scaled}
${value}
${store}
${this.#rotateLeft("queue", 0, result)}
}`;
      })
      .join("\n");
  }

  /** let o = W x of the last layer, x from an array. */
  #lastProduct(from: (c: number) => string): string {
    const { ownInputs, at } = this.lastLayer;
    const terms = times(ownInputs, (c) =>
      COMPONENTS.map((d, j) => `${from(c)}.${d} * w[${at + 4 * c + j}]`).join(" + "),
    );
    return `var own = vec4<f32>();\n${terms.map((term) => `own += ${term};`).join("\n")}\nlet o = subgroupAdd(own);`;
  }

  protected results(): string {
    const layer = this.lastLayer;
    return `for (var n = 0u; n < TILE * SLOTS; n++) {
let slot = n % SLOTS;
${this.#lastProduct((c) => `queue[${c}]`)}
${this.#rotateLeft("queue", 0)}
let y = ${this.gained(layer, 0)}o + select(vec4<f32>(), offset[${this.column(layer, 0)}], slot == 0u);
if (lane == n / SLOTS) { results[slot] = y; }
}`;
  }

  /** When a sample's turn comes. */
  #slopes(layer: Layer): string {
    return `for (var once = SLOTS - 1u - slot; once == 0u; once++) {\n${this.#slopeColumns(layer)}\n}`;
  }

  /** sigma' and sigma'' of a hidden layer, from what is held at the end. */
  #slopeColumns({ index, own }: Layer): string {
    const { own: widest } = this.plan;
    const { samples, slots } = this.shape;
    const values = samples * widest;
    const last = (index + 1) * values - widest;
    const columns = times(own, (c) => {
      const y = `held[${(index + 1) * this.span - slots * widest + c}]`;
      return `{ let u = held_u[${last + c}]; let y = ${y}; slope[${c}] = activate_d1(u, y, beta); curve[${c}] = activate_d2(u, y, beta); bend[${c}] = vec4<f32>(); }`;
    });
    return columns.join("\n");
  }

  /** The u of the sample at hand leaves the end of held_u when its value has had its turn. */
  #turn({ index }: Layer): string {
    const values = this.shape.samples * this.plan.own;
    return `for (var once = slot; once == 0u; once++) {\n${this.#rotateRight("held_u", index * values, values)}\n}`;
  }

  /** The tile from the last slot of the last sample to the first of the first. */
  #down(body: string): string {
    return `for (var down = 0u; down < TILE * SLOTS; down++) {\nlet n = TILE * SLOTS - 1u - down;\nlet slot = n % SLOTS;\nlet sample = n / SLOTS;\nlet value = slot == 0u;\n${body}\n}`;
  }

  protected sweepLast(layer: Layer): string {
    const { ownInputs, at } = layer;
    const column = this.column(layer, 0);
    const end = this.span - this.plan.own;
    const gate = this.shape.gated
      ? `${this.#lastProduct((c) => `input[${c}]`)}
total_gate[${column}] += bar * (gain[${column}] * o + select(vec4<f32>(), offset[${column}] - t * drift[${column}], value));`
      : "";
    const outer = times(ownInputs, (c) =>
      COMPONENTS.map((d, j) => `w_bar[${at + 4 * c + j}] += input[${c}].${d} * sb;`).join("\n"),
    ).join("\n");
    const back = times(ownInputs, (c) => {
      const dots = COMPONENTS.map((_, j) => `dot(w[${at + 4 * c + j}], sb)`);
      return `back[${c}] = vec4<f32>(${dots.join(", ")});`;
    }).join("\n");
    const below = this.plan.layers[layer.index - 1]!;
    return this.#down(`${this.#slopes(below)}
let bar = subgroupShuffle(seeds[slot], sample);
${times(ownInputs, (c) => `input[${c}] = queue[${end + c}];`).join("\n")}
${this.#rotateRight("queue", 0)}
${gate}
total[${column}] += select(vec4<f32>(), bar, value);
let sb = ${this.gained(layer, 0)}bar;
${outer}
${back}
${this.#barsOf(below)}`);
  }

  /** From `back`, the cotangent of a hidden layer's result, to s u_bar at the end of `going`. */
  #barsOf(layer: Layer): string {
    const { index, own } = layer;
    const { own: widest } = this.plan;
    const end = (index + 1) * this.span - widest;
    const endU = (index + 1) * this.shape.samples * widest - widest;
    const columns = times(own, (c) => {
      const i = this.column(layer, c);
      const kept = `held[${end + c}]`;
      const u = `held_u[${endU + c}]`;
      const beta = this.shape.swish ? `add_beta_share(slot, ${u}, ${kept}, back[${c}], beta);` : "";
      const gate = this.shape.gated
        ? `total_gate[${i}] += ub * select(${kept}, ${u} - t * drift[${i}], value);`
        : "";
      return `{ ${beta}
var ub = slope[${c}] * back[${c}];
if (value) { ub += bend[${c}]; total[${i}] += ub; } else { bend[${c}] += curve[${c}] * ${kept} * back[${c}]; }
${gate}
back[${c}] = ${this.gained(layer, c)}ub; }`;
    });
    return `${columns.join("\n")}
${this.#rotateRight("held", index * this.span)}
${this.#turn(layer)}
${this.#rotateLeft("going", 0, (c) => (c < own ? `back[${c}]` : "vec4<f32>()"))}`;
  }

  protected sweepHidden(layer: Layer): string {
    const { index, ownInputs, own, at } = layer;
    const { own: widest } = this.plan;
    const { slots } = this.shape;
    const first = index * this.span - slots * widest;
    // Slots in the order of `going`, from the last to the first.
    const inputLines = times(slots, (s) => {
      const slot = slots - 1 - s;
      return times(ownInputs, (c) => {
        const kept = `held[${first + slot * widest + c}]`;
        return `input[${s * widest + c}] = ${slot === 0 ? "" : `slope[${c}] * `}${kept};`;
      }).join("\n");
    });
    // All slots at once: what is stored in private memory is blended with what stood there, fourteen instructions each.
    const outer = times(own, (c) => {
      const bars = times(slots, (s) => `let u${s} = going[${s * widest + c}];`);
      const lines = times(4 * ownInputs, (k) =>
        COMPONENTS.map((d, j) => {
          const terms = times(slots, (s) => {
            const x = swapped(`input[${s * widest + (k >> 2)}].${d}`, k & 3);
            return `u${s} * ${x}`;
          });
          return `w_bar[${at + (4 * k + j) * own + c}] += ${terms.join(" + ")};`;
        }).join("\n"),
      );
      return `{ ${bars.join("\n")}\n${lines.join("\n")} }`;
    });
    const reverse = times(own, (c) => {
      const lines = times(4 * ownInputs, (k) => {
        const dots = COMPONENTS.map((_, j) => `dot(w[${at + (4 * k + j) * own + c}], u)`);
        return `wide[${k}] ${c === 0 ? "=" : "+="} vec4<f32>(${dots.join(", ")});`;
      });
      return `{ let u = going[${c}];\n${lines.join("\n")} }`;
    });
    const gather = times(ownInputs, (c) => {
      return `back[${c}] = ${gathered(times(4, (i) => `wide[${4 * c + i}]`))};`;
    });
    const below = this.plan.layers[index - 1]!;
    // Two loops: the code of each fits the instruction cache.
    const values = this.shape.samples * widest;
    const products = `for (var sample = 0u; sample < TILE; sample++) {
${this.#slopeColumns(below)}
${inputLines.join("\n")}
${outer.join("\n")}
${this.#rotateRight("held", below.index * this.span, this.span, slots * widest)}
${this.#rotateRight("held_u", below.index * values, values)}
${this.#rotateRight("going", 0, this.span, this.span - slots * widest)}
}`;
    const backward = this.#down(`${this.#slopes(below)}
${reverse.join("\n")}
${gather.join("\n")}
${this.#barsOf(below)}`);
    return `${products}\n${backward}`;
  }

  protected sweepFirst({ own, at }: Layer): string {
    const outer = COMPONENTS.flatMap((d, j) =>
      times(own, (c) => `w_bar[${at + j * own + c}] += z.${d} * going[${c}];`),
    );
    const dots = COMPONENTS.map((_, j) =>
      times(own, (c) => `dot(w[${at + j * own + c}], going[${c}])`).join(" + "),
    );
    return this.#down(`let z = subgroupShuffle(points[slot], sample);
${outer.join("\n")}
let r = subgroupAdd(vec4<f32>(${dots.join(",\n")}));
if (value && lane == sample) { point_bar = r; }
${this.#rotateLeft("going", 0)}`);
  }
}
