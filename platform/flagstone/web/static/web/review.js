// What pages for reading files do by themselves: mark in the tree which file is shown, and bring it into view.
"use strict";

document.addEventListener("click", (event) => {
  const link = event.target.closest(".tree a");
  if (!link) return;
  for (const other of document.querySelectorAll(".tree a[aria-current]")) other.removeAttribute("aria-current");
  link.ariaCurrent = "true";
});

// below the tree on a small screen, or above what is in view after reading a long file
document.addEventListener("htmx:afterSettle", (event) => {
  if (!event.detail.requestConfig?.elt.closest(".tree")) return;
  const file = document.getElementById("shown-file");
  const top = file?.getBoundingClientRect().top ?? 0;
  if (top < 0 || top > innerHeight * 0.6) file.scrollIntoView();
});
