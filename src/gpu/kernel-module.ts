/**
 * What `scripts/generate.mjs` knows about a shader at build time: its text, its entry points with the bindings
 * that each one uses, and the byte layout of the structs behind those bindings. Nothing parses WGSL at run time.
 */

/** A scalar that is fixed when the kernel is compiled (`// @const NAME: u32 = 0` in the shader). */
export interface KernelConstant {
  readonly type: "u32" | "i32" | "f32";
  readonly default: number;
}

/** A uniform buffer holding one struct; `size` in bytes. */
export interface UniformBinding {
  readonly binding: number;
  readonly type: "uniform";
  readonly struct: string;
  readonly size: number;
}

/** A storage buffer; `minSize` in bytes, with a runtime-sized array counted as one element. */
export interface StorageBinding {
  readonly binding: number;
  readonly type: "read-only-storage" | "storage";
  readonly minSize: number;
}

export type BindingInfo = UniformBinding | StorageBinding;

/** A compute entry point and the bindings (all in group 0) that it or a function it calls mentions. */
export interface KernelEntryPoint {
  /** Invocations per workgroup, with every constant at its default. */
  readonly workgroupSize: readonly [number, number, number];
  /** The constants that stand in @workgroup_size, axis by axis; absent when all three are literals. */
  readonly workgroupConstants?: readonly [string | null, string | null, string | null];
  readonly bindings: { readonly [variable: string]: BindingInfo };
}

/** A vertex or fragment entry point. */
export interface RenderEntryPoint {
  readonly stage: "vertex" | "fragment";
  readonly bindings: { readonly [variable: string]: BindingInfo };
}

/** Byte layout of a struct; field types in their long spelling, such as `array<vec4<f32>, 4>`. */
export interface StructInfo {
  readonly size: number;
  readonly fields: { readonly [field: string]: { readonly offset: number; readonly type: string } };
}

/** [first line in `code`, file, line in that file], lines counted from 1; each holds up to the next. */
export type SourceMark = readonly [line: number, file: string, lineInFile: number];

export interface KernelModule {
  /** Group and name of the shader: "field/pack". */
  readonly name: string;
  /** SHA-256 of the shader's text with its includes. */
  readonly hash: string;
  /** WGSL without comments and without the constants' declarations, which go in front of it. */
  readonly code: string;
  readonly constants: { readonly [name: string]: KernelConstant };
  /** Language extensions (`// @enable subgroups`): the device must have the feature of that name. */
  readonly enables?: readonly string[];
  readonly entryPoints: { readonly [name: string]: KernelEntryPoint };
  readonly renderEntryPoints?: { readonly [name: string]: RenderEntryPoint };
  readonly structs: { readonly [name: string]: StructInfo };
  readonly sources: readonly SourceMark[];
}
