// The little that pages do by themselves: palette, keys, menus, notices. Everything works without it.
"use strict";

(() => {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  const byId = (id) => document.getElementById(id);

  for (const key of document.querySelectorAll("[data-mod-key]")) {
    key.textContent = isMac ? `⌘${key.dataset.modKey}` : `Ctrl ${key.dataset.modKey}`;
  }
  for (const hidden of document.querySelectorAll("button[data-open], button[data-copy]")) {
    hidden.classList.remove("hidden");
  }

  // Where tabs do not fit, the current one is in view; the strip scrolls, the page does not.
  function showCurrentTabs() {
    for (const tab of document.querySelectorAll(".tabs [aria-current=page]")) {
      const strip = tab.closest(".tabs");
      strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
    }
  }
  showCurrentTabs();
  document.addEventListener("htmx:afterSettle", showCurrentTabs);

  // --- dialogs

  function open(id) {
    const dialog = byId(id);
    if (!dialog || dialog.open) return;
    dialog.showModal();
    const input = dialog.querySelector("[data-palette-input]");
    if (input) {
      input.select();
      htmx.trigger(input, "palette-open");
    }
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener && !event.ctrlKey && !event.metaKey && byId(opener.dataset.open)) {
      event.preventDefault();
      open(opener.dataset.open);
      return;
    }
    if (event.target instanceof HTMLDialogElement) event.target.close(); // its backdrop
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(document.querySelector(copier.dataset.copy).textContent);
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  function copy(text) {
    navigator.clipboard.writeText(text).then(
      () => notify({ text: "Copied.", tone: "pass" }),
      () => notify({ text: "The browser did not allow copying. Select the text and copy it.", tone: "fail" }),
    );
  }

  // --- palette: the arrow keys move, Enter opens

  function move(step) {
    const options = [...document.querySelectorAll("#palette [role=option]")];
    if (!options.length) return;
    const now = options.findIndex((option) => option.ariaSelected === "true");
    const next = options[(now + step + options.length) % options.length];
    for (const option of options) option.ariaSelected = String(option === next);
    next.scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "palette-results") move(1);
  });

  byId("palette")?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const chosen = document.querySelector("#palette [role=option][aria-selected=true]");
      if (chosen) {
        event.preventDefault();
        chosen.click();
      }
    }
  });

  // --- keys

  let goUntil = 0;

  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open("palette");
      return;
    }
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details[data-menu][open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.metaKey || event.ctrlKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (Date.now() < goUntil) {
      goUntil = 0;
      const place = document.querySelector(`[data-go-key="${CSS.escape(event.key)}"]`);
      if (place) location.assign(place.dataset.goUrl);
    } else if (event.key === "g") {
      goUntil = Date.now() + 1200;
    } else if (event.key === "?") {
      open("keys");
    } else if (event.key === "/") {
      event.preventDefault();
      open("palette");
    }
  });

  // --- notices

  const SHOWN_MS = 8000;

  function fade(notice) {
    const wait = () => {
      if (notice.matches(":hover, :focus-within")) setTimeout(wait, 1000);
      else notice.remove();
    };
    setTimeout(wait, SHOWN_MS);
  }

  function notify({ text, tone, url }) {
    const notice = byId(`toast-${tone === "fail" ? "fail" : "pass"}`).content.cloneNode(true).firstElementChild;
    notice.querySelector("[data-toast-text]").textContent = text;
    const link = notice.querySelector("[data-toast-link]");
    if (url) link.href = url;
    else link.remove();
    byId("toasts").append(notice);
    fade(notice);
  }

  document.querySelectorAll("#toasts [data-toast]").forEach(fade);
  document.addEventListener("toast", (event) => notify(event.detail));

  document.addEventListener("htmx:beforeSwap", (event) => {
    // the session ended: the sign-in page came where a part was asked for
    if (new URL(event.detail.xhr.responseURL, location.href).pathname === "/sign-in") {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Trigger")) return;
    if (event.detail.requestConfig.triggeringEvent) {
      notify({ text: `That did not work (${event.detail.xhr.status}). Reload the page and try again.`, tone: "fail" });
    }
  });
})();
