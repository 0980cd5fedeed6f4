/** What goes into the package, and what the library needs at run time: itself. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

describe("the package", () => {
  test("holds what is built and three texts, and nothing else", () => {
    const npm = process.env.npm_execpath;
    // Inside an npm script npm says where it is; elsewhere Windows knows it only as a shell command.
    const [file, first] = npm ? [process.execPath, [npm]] : ["npm", []];
    const args = [...first, "pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"];
    const output = execFileSync(file, args, {
      encoding: "utf8",
      shell: !npm && process.platform === "win32",
    });
    const listed = JSON.parse(output) as Packed[] | Record<string, Packed>;
    const paths = Object.values(listed)[0]!.files.map(({ path }) => path);
    const texts = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
    expect(paths.filter((path) => !path.startsWith("dist/")).sort()).toEqual(texts);
    expect(paths.filter((path) => /^dist\//.test(path) && !/\.(js|d\.ts)$/.test(path))).toEqual([]);
  });

  test("its entry points and program are built from sources that exist", () => {
    const { exports, bin } = JSON.parse(readFileSync("package.json", "utf8")) as {
      exports: Record<string, string | { default: string }>;
      bin: Record<string, string>;
    };
    const targets = Object.values(exports).map((entry) =>
      typeof entry === "string" ? entry : entry.default,
    );
    for (const target of [...targets, ...Object.values(bin)].filter((path) => path.includes("dist/"))) {
      const source = target.replace(/^(\.\/)?dist\//, "src/").replace(/\.js$/, ".ts");
      expect(readFileSync(source, "utf8")).not.toBe("");
    }
  });

  test("the library imports nothing but itself and Node", () => {
    // The command line's packages are built into its one file.
    const isLibrary = (path: string) => path.endsWith(".ts") && !/^node[\\/]cli/.test(path);
    const paths = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(isLibrary);
    expect(paths.length).toBeGreaterThan(50);
    const foreign = paths.flatMap((path) =>
      [...readFileSync(join("src", path), "utf8").matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)]
        .map((match) => match[1]!)
        .filter((name) => !/^(\.{1,2}\/|node:)/.test(name))
        .map((name) => `${path}: ${name}`),
    );
    // Dawn, which is an optional peer: WebGPU in Node.
    expect(foreign).toEqual([`${join("node", "open.ts")}: webgpu`]);
  });
});
