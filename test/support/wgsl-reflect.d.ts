/** The ESM build of wgsl_reflect has no types of its own: they are those of the package. */
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export * from "wgsl_reflect";
}
