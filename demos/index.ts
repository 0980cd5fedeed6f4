/** The start page needs nothing but its theme switch. */
import { byId } from "./shared/dom.js";
import { themeToggle } from "./shared/theme.js";

themeToggle(byId("theme", HTMLButtonElement));
