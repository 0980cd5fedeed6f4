/** Repeated keys in JSON text, which JSON.parse drops silently (the last one wins). */

/** A JSON string with the colon after it, if any, or a brace or bracket that opens or closes. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/g;

/**
 * The first key that an object of the text holds twice, compared after unescaping; undefined if there is none.
 * @param text valid JSON: it must have passed JSON.parse.
 * @param maxDepth how deep to look (1: the outermost object only), which bounds the memory taken.
 */
export function repeatedKey(text: string, maxDepth: number): string | undefined {
  const open: Set<string>[] = [];
  let depth = 0;
  for (const match of text.matchAll(TOKEN)) {
    const token = match[0];
    if (token === "{" || token === "[") {
      if (++depth <= maxDepth) open.push(new Set());
    } else if (token === "}" || token === "]") {
      if (depth-- <= maxDepth) open.pop();
    } else if (match[1] !== undefined && depth <= maxDepth) {
      const key = JSON.parse(token.slice(0, token.length - match[1].length)) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
