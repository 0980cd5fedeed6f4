/**
 * Links to a place in the same page, for pages whose address carries a configuration behind the "#": the place is
 * opened, shown and given the focus, and the address stays as it is.
 */
export function followInPage(): void {
  document.addEventListener("click", (event) => {
    // Into another tab or window the link goes as it is.
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element && event.target.closest('a[href^="#"]');
    const target = link && document.getElementById(link.getAttribute("href")!.slice(1));
    if (!target) return;
    event.preventDefault();
    show(target);
  });
}

function show(target: HTMLElement): void {
  for (let around = target.closest("details"); around; around = openAround(around)) around.open = true;
  // With its label, which is above it.
  (target.closest(".field") ?? target).scrollIntoView({ block: "start" });
  target.focus({ preventScroll: true });
  if (document.activeElement === target) return;
  // Headings take the focus only when they are told to; a disabled control does not even then.
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

function openAround(details: HTMLDetailsElement): HTMLDetailsElement | null {
  return details.parentElement?.closest("details") ?? null;
}
