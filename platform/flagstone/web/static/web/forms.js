// What long forms do by themselves: show the questions that the answers lead to, and send only once.
"use strict";

(() => {
  const answersTo = (form, name) =>
    [...form.elements]
      .filter((control) => control.name === name && !(/^(radio|checkbox)$/.test(control.type) && !control.checked))
      .map((control) => control.value)
      .filter(Boolean);

  const holds = (form, [name, wanted, negated]) => {
    const question = form.elements.namedItem(name);
    const box = question instanceof HTMLInputElement && question.type === "checkbox" && question.value === "true";
    const given = box ? [String(question.checked)] : answersTo(form, name);
    return (wanted.length ? given.some((value) => wanted.includes(value)) : given.length > 0) !== negated;
  };

  function showQuestions(form) {
    for (const question of form.querySelectorAll("[data-shown-when]")) {
      const shown = JSON.parse(question.dataset.shownWhen).every((condition) => holds(form, condition));
      question.hidden = !shown;
      for (const control of question.querySelectorAll("input, select, textarea")) control.disabled = !shown;
      question.querySelector("[data-waits]").hidden = true;
    }
  }

  for (const form of document.querySelectorAll("form")) {
    if (!form.querySelector("[data-shown-when]")) continue;
    showQuestions(form);
    form.addEventListener("change", () => showQuestions(form));
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    const question = event.target.closest("[data-question]");
    if (!question) return;
    const invalid = String(question.querySelector(".field-error") !== null);
    for (const control of question.querySelectorAll("[aria-describedby]")) control.ariaInvalid = invalid;
  });

  const busy = (button, isBusy) => {
    button.ariaDisabled = String(isBusy);
    const text = button.querySelector("[data-busy]");
    if (isBusy) text.dataset.idle = text.textContent;
    text.textContent = isBusy ? text.dataset.busy : text.dataset.idle || text.textContent;
  };

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.querySelector("[data-busy]")) return;
    if (button.ariaDisabled === "true") event.preventDefault();
    else busy(button, true);
  });
  // the way back leads to what was filled in, which the server keeps
  document.addEventListener("submit", (event) => {
    const { again } = event.target.dataset;
    if (again && !event.defaultPrevented) history.replaceState(null, "", again);
  });
  // the browser may bring the page back as it was left
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const text of document.querySelectorAll("[data-busy]")) busy(text.closest("button"), false);
  });
})();
