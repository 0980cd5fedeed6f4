import { describe, expect, test } from "vitest";
import { Arguments, UsageError } from "../../src/node/cli/arguments.js";

const SPECS = [
  { name: "out", value: "FILE", about: "" },
  { name: "number", short: "n", value: "N", about: "" },
  { name: "window", value: "L,R,B,T", about: "" },
  { name: "fast", about: "" },
];
const parse = (...args: string[]) => Arguments.parse(args, SPECS);

describe("arguments", () => {
  test("values that look like something else stay what they are", () => {
    expect(parse("--out", "-").text("out")).toBe("-");
    expect(parse("--out", "007").text("out")).toBe("007");
    expect(parse("--window", "-4,4,-.5,1e1").numbers("window", ",")).toEqual([-4, 4, -0.5, 10]);
    expect(parse("--window=-4,4").numbers("window", ",")).toEqual([-4, 4]);
    expect(parse("-n", "-5").number("number")).toBe(-5);
    expect(parse("--out=--odd").text("out")).toBe("--odd");
  });

  test("words beside the options, in any order", () => {
    const args = parse("a.safetensors", "--fast", "b");
    expect(args.words("MODEL", "[OTHER]")).toEqual(["a.safetensors", "b"]);
    expect(args.has("fast")).toBe(true);
    expect(args.has("out")).toBe(false);
    expect(() => args.words("MODEL")).toThrow('"b" is one too many');
    expect(() => args.words("A", "B", "MODEL")).toThrow("MODEL is missing");
    expect(parse().words("[MODEL]")).toEqual([]);
  });

  test.each([
    [["--nope"], "Unknown option --nope"],
    [["-x"], "Unknown option -x"],
    [["--toString"], "Unknown option --toString"],
    [["--out"], "--out needs a value: FILE"],
    [["--out", "--fast"], "--out needs a value"],
    [["--out", ""], "--out needs a value"],
    [["-n", "1", "--number", "2"], "given twice"],
    [["--fast=1"], "takes no value"],
  ])("%j", (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError);
    expect(() => parse(...args)).toThrow(message);
  });

  test.each(["ten", "1,5", "0x10", "Infinity", "1e"])("%s is no number", (text) => {
    expect(() => parse("-n", text).number("number")).toThrow(
      `${JSON.stringify(text)} of --number is no number`,
    );
  });
});
