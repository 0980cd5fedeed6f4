/** Pictures drawn from tensors by the device that owns them. */
export type {
  ArrowLayer,
  Color,
  ContourLayer,
  DotLayer,
  HeatLayer,
  Layer,
  LineLayer,
  Moving,
  Picture,
} from "./layers.js";
export { type Painter, painter } from "./painter.js";
