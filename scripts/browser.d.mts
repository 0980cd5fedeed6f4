export interface Browser {
  executablePath: string;
  args: string[];
  env: Record<string, string>;
  version: string;
  source: string;
}
export function findBrowser(): Promise<Browser>;
