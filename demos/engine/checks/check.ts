/** One line of the self-test. */
import type { Device } from "fjordgpu";
import type { Finding } from "../numbers.js";
import type { Group, Unit } from "../protocol.js";

export interface Check {
  readonly group: Group;
  readonly name: string;
  readonly unit: Unit;
  /** The largest error that passes. */
  readonly bound: number;
  measure(device: Device): Promise<Finding>;
}
