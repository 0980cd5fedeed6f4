/** Names and colours of the three kinds of probes. */
import type { ProbeDistribution } from "fjordgpu";

export const LOOKS: Readonly<Record<ProbeDistribution, { readonly name: string; readonly color: string }>> = {
  rademacher: { name: "Rademacher", color: "--accent" },
  gaussian: { name: "Gaussian", color: "--warm" },
  orthogonal: { name: "orthogonal", color: "--violet" },
};

/** Of what is exact. */
export const EXACT = "--ink";
