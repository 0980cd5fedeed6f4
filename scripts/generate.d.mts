export interface GeneratedModule {
  shader: string;
  path: string;
  /** Of a kernel; the shared pieces of common/ have none. */
  hash?: string;
  text: string;
}
export const shaderFolder: string;
export const generatedFolder: string;
export function listShaders(): string[];
export function listModules(): string[];
export function buildModules(): GeneratedModule[];
export function generate(): { count: number; written: number; removed: number };
