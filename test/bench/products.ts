/** M: products of matrices, beside the best the adapter was seen to do. */
import { productRunner } from "../../src/bench/engine.js";
import type { Entry, ProductResult, ProductsResult } from "../../src/bench/report.js";
import { type Candidate, compare } from "../../src/bench/timing.js";
import { PRODUCT_SIZES, type ProductSize, productName } from "../../src/bench/workloads.js";
import type { Device } from "../../src/index.js";
import { type Context, entriesOf, ratioOf } from "./context.js";
import { bareProduct, multiplyAddCeiling } from "./reference-kernels.js";

/** A product is timed whole, or by an eighth of its rows where that takes too long. */
const PARTS = 8;
const part = (size: ProductSize, parts: number): ProductSize => ({ ...size, m: (size.m * parts) / PARTS });

/** The size that stands for M where one number is wanted. */
const MAIN: ProductSize = PRODUCT_SIZES[1]!;

export async function runProducts(device: Device, context: Context): Promise<ProductsResult> {
  const sizes: Record<string, ProductResult> = {};
  for (const size of PRODUCT_SIZES) {
    context.say(`M ${productName(size)}`);
    sizes[productName(size)] = await oneSize(device, size, context);
  }
  const [ceiling] = await compare([multiplyAddCeiling(device)], { ...context, parts: 1 });
  if (ceiling === undefined || ceiling instanceof Error) throw ceiling;
  const main = sizes[productName(MAIN)]!;
  return { ...main, about: `product ${productName(MAIN)}`, sizes, multiplyAdds: ceiling };
}

async function oneSize(device: Device, size: ProductSize, context: Context): Promise<ProductResult> {
  const operations = 2 * size.m * size.n * size.k;
  const peers = context.peers.filter(({ product }) => product);
  const candidates: Candidate[] = [
    { name: "ours", operations, prepare: (parts) => productRunner(device, part(size, parts)) },
    { name: "bare kernel", operations, prepare: (parts) => bareProduct(device, part(size, parts)) },
    ...peers.map(({ name, kind, product }) => ({
      name,
      peer: kind,
      operations,
      prepare: (parts: number) => product!(part(size, parts)),
    })),
  ];
  const [ours, reference, ...others] = await compare(candidates, { ...context, parts: PARTS });
  for (const entry of [ours, reference]) if (entry === undefined || entry instanceof Error) throw entry;
  const results = entriesOf(peers, others);
  const [mine, bare] = [ours as Entry, reference as Entry];
  return {
    about: `product ${productName(size)}`,
    operations,
    ours: mine,
    reference: bare,
    ofBest: bare.ms.median / mine.ms.median,
    peers: results,
    ratio: ratioOf(mine, peers, results),
  };
}
