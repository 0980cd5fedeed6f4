/** A user-written WGSL field on the GPU: the template shaders/field/user.wgsl with the user's functions in it. */
import { user as userModule } from "../generated/field/user.js";
import { alignWords, type Bindable, type Buffer, BufferGroup } from "../gpu/buffer.js";
import type { Device } from "../gpu/device.js";
import { ArgumentError } from "../gpu/errors.js";
import type { KernelOf } from "../gpu/kernel.js";
import { type Command, foldedGrid } from "../gpu/submit.js";
import type { FieldProgram, Planes, StagePlace } from "./program.js";
import { planesView } from "./program.js";
import type { WgslField } from "./wgsl.js";

/** The two placeholder functions of the template, each on one line. */
const PLACEHOLDER = /^fn field\(.*\n^fn field_tangent\(.*$/m;
const NO_TANGENT = "fn field_tangent(t: f32, z: State, v: State) -> State { return v; }";

export class WgslProgram implements FieldProgram {
  readonly batch: number;
  readonly dim: number;
  readonly input: Planes;
  readonly output: Planes;

  private constructor(
    field: WgslField,
    private readonly shape: { batch: number; tangents: number },
    private readonly control: Bindable,
    private readonly values: Buffer,
    private readonly kernel: KernelOf<typeof userModule, "main">,
    points: Buffer,
    derivatives: Buffer,
    private readonly buffers: BufferGroup,
  ) {
    this.batch = shape.batch;
    this.dim = field.dim;
    const plane = shape.batch * field.dim;
    const planes = (buffer: Buffer): Planes => ({
      buffer,
      at: 0,
      plane,
      ld: field.dim,
      size: plane * (1 + shape.tangents),
    });
    this.input = planes(points);
    this.output = planes(derivatives);
  }

  /** @throws KernelCompilationError with the line when the user's WGSL does not compile */
  static async create(
    device: Device,
    field: WgslField,
    params: Float32Array,
    shape: { batch: number; tangents: number },
    control: Bindable,
  ): Promise<WgslProgram> {
    if (params.length !== field.parameterCount) {
      throw new ArgumentError(
        `params has ${params.length} entries.`,
        `This field takes ${field.parameterCount}.`,
      );
    }
    if (shape.tangents > 0 && !field.hasTangent) {
      throw new ArgumentError(
        "This field has no field_tangent.",
        "Add fn field_tangent(t: f32, z: State, v: State) -> State.",
      );
    }
    const code = `${field.code}${field.hasTangent ? "" : `\n${NO_TANGENT}`}`;
    const kernel = await device.kernel(withCode(code), "main", {
      DIM: field.dim,
      TANGENTS: field.hasTangent ? 1 : 0,
    });
    return BufferGroup.filled(async (buffers) => {
      const words = alignWords(shape.batch * field.dim * (1 + shape.tangents));
      const make = (label: string) => buffers.add(device.buffer({ label, size: words * 4 }));
      const values = buffers.add(device.buffer({ label: "field parameters", data: params }));
      return new WgslProgram(
        field,
        shape,
        control,
        values,
        kernel,
        make("points"),
        make("derivatives"),
        buffers,
      );
    });
  }

  evaluate(stage: StagePlace): Command[] {
    const { batch, control, values } = this;
    const params = { samples: batch, tangents: this.shape.tangents, ld: this.dim, c: stage.c };
    const operands = {
      params,
      control,
      values,
      point: planesView(this.input),
      derivative: planesView(this.output),
    };
    return [this.kernel.bind(operands, foldedGrid(Math.ceil(batch / 64)))];
  }

  dispose(): void {
    this.buffers.dispose();
  }
}

/** The template with the user's functions; an error in them is reported at its line of the user's text. */
function withCode(code: string): typeof userModule {
  const template: string = userModule.code;
  const match = PLACEHOLDER.exec(template);
  if (!match) throw new Error("shaders/field/user.wgsl has lost its placeholder functions");
  const before = template.slice(0, match.index);
  const firstLine = before.split("\n").length;
  const hash = `${userModule.hash} ${code}`;
  const sources = [...userModule.sources, [firstLine, "field code", 1] as const];
  return {
    ...userModule,
    hash,
    sources,
    code: `${before}${code}${template.slice(match.index + match[0].length)}`,
  } as unknown as typeof userModule;
}
