/** A model file as a configuration of this page. */
import { DataError, readModel } from "fjordgpu";
import { type Config, parseSetting } from "../config.js";

/**
 * The configuration with the network and solver of a model file; the rest stays.
 * @throws FileFormatError for a file that is no model, DataError for a model that this page cannot show
 */
export function weightsConfig(bytes: Uint8Array, config: Config): Config {
  const { field, T, method, steps, rtol, seed } = readModel(bytes);
  if (field.dim !== 2) {
    throw new DataError(`The model has ${field.dim} dimensions.`, "This page shows the plane.");
  }
  const wanted: Partial<Record<keyof Config, unknown>> = {
    hidden: field.spec.hidden.join("-"),
    layer: field.spec.layer,
    activation: field.spec.activation,
    // The square of a float32 has more digits than a form should show; the flow has them all.
    T: T && Number(T.toPrecision(6)),
    solver: method,
    solverSteps: steps,
    rtol,
    seed,
    // Flow matching would forget what the weights know.
    warm: 0,
  };
  const next = { ...config };
  for (const [name, value] of Object.entries(wanted)) {
    const setting = value === undefined ? undefined : parseSetting(name as keyof Config, String(value));
    if (setting !== undefined) Object.assign(next, { [name]: setting });
  }
  return next;
}
