// What pages for reading files do by themselves: mark in the tree which file is shown.
"use strict";

document.addEventListener("click", (event) => {
  const link = event.target.closest(".tree a");
  if (!link) return;
  for (const other of document.querySelectorAll(".tree a[aria-current]")) other.removeAttribute("aria-current");
  link.ariaCurrent = "true";
});
