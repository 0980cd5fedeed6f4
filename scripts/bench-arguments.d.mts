export interface BenchArguments {
  readonly only: readonly string[];
  readonly adapter: string;
  readonly repeats: number;
  readonly out: string | undefined;
  readonly peers: string;
  readonly smoke: boolean;
}

export function readArguments(args: readonly string[]): BenchArguments;
export function browserArguments(adapter: string, args: readonly string[]): string[];
