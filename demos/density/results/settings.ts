/** The settings of a run as a file: JSON that people can read, and this page again. */
import { type Config, PRESETS, parseSetting } from "../config.js";
import { OWN } from "../sets.js";

/** What says that a JSON file is one of these, and no table of points. */
const KIND = "fjordgpu density settings";

/** Every setting. Points of the reader's own are not in it, so neither is the name of their set. */
export function settingsText({ set, ...others }: Config): string {
  const settings = set === OWN ? others : { set, ...others };
  return `${JSON.stringify({ kind: KIND, version: 1, settings }, undefined, 2)}\n`;
}

/** Settings of a file, each checked by the rules of the address; undefined for any other file. */
export function readSettings(
  text: string,
): { readonly changes: Partial<Config>; readonly ignored: string[] } | undefined {
  let file: { kind?: unknown; version?: unknown; settings?: unknown } | null;
  try {
    file = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (file?.kind !== KIND) return undefined;
  if (file.version !== 1) return { changes: {}, ignored: [`version=${file.version}`] };
  const changes: Partial<Config> = {};
  const ignored: string[] = [];
  for (const [name, given] of Object.entries(file.settings ?? {})) {
    const isSetting = Object.hasOwn(PRESETS.standard, name);
    const value = isSetting ? parseSetting(name as keyof Config, String(given)) : undefined;
    if (value === undefined) ignored.push(`${name}=${given}`);
    else Object.assign(changes, { [name]: value });
  }
  return { changes, ignored };
}
